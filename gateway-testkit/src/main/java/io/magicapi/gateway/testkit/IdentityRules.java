package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.core.JsonPointer;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.testkit.ContractSubject.Started;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;

/** What a provider says of itself, and how it comes and goes. */
final class IdentityRules {

    static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");

    private final ContractSubject subject;

    IdentityRules(ContractSubject subject) {
        this.subject = subject;
    }

    void name() {
        assertThat(constant("name()", Provider::name)).matches(NAME);
    }

    void baseUrl() {
        String url = constant("baseUrl()", Provider::baseUrl);
        if (url.isEmpty()) {
            return; // only the operator can know it
        }
        URI uri = URI.create(url);
        assertThat(uri.getScheme()).as("scheme of %s", url).isIn("http", "https");
        assertThat(uri.getHost()).as("host of %s", url).isNotNull();
        assertThat(uri.getRawUserInfo()).as("user info of %s", url).isNull();
        assertThat(uri.getRawQuery()).as("query of %s", url).isNull();
        assertThat(uri.getRawFragment()).as("fragment of %s", url).isNull();
        assertThat(url).doesNotEndWith("/");
    }

    void operations() {
        List<Operation> operations = constant("operations()", Provider::operations);

        assertThat(operations).doesNotContainNull().doesNotHaveDuplicates();
    }

    void models() {
        List<String> ids = constant(
                "models()",
                provider -> provider.models().stream().map(Model::id).toList());

        assertThat(ids).doesNotHaveDuplicates();
    }

    void keysAndUsage() {
        constant("keyVariable()", Provider::keyVariable)
                .ifPresent(variable -> assertThat(variable).as("keyVariable()").matches("[A-Z][A-Z0-9_]*"));
        assertThat(constant("credentialHeaders()", Provider::credentialHeaders))
                .as("credentialHeaders()")
                .allMatch(name -> name.equals(name.toLowerCase(Locale.ROOT)))
                .doesNotHaveDuplicates();
        assertThat(constant("usagePointers()", Provider::usagePointers))
                .as("usagePointers()")
                .allSatisfy(pointer -> assertThatCode(() -> JsonPointer.compile(pointer))
                        .as("JSON pointer %s", pointer)
                        .doesNotThrowAnyException());
    }

    /** {@return what two instances say, each before and after its start} */
    private <T> T constant(String what, Function<Provider, T> saying) {
        Provider one = subject.instance();
        T said = saying.apply(one);
        assertThat(said).as(what).isNotNull();
        assertThat(saying.apply(one)).as("%s, the second time", what).isEqualTo(said);
        assertThat(saying.apply(subject.instance()))
                .as("%s of another instance", what)
                .isEqualTo(said);
        return said;
    }

    void instantiable() {
        Class<?> type = subject.instance().getClass();

        assertThat(Modifier.isPublic(type.getModifiers()))
                .as("%s is public", type)
                .isTrue();
        assertThat(Arrays.stream(type.getConstructors()).map(Constructor::getParameterCount))
                .as("parameters of the public constructors of %s", type)
                .contains(0);
        assertThat(Arrays.stream(type.getAnnotations())
                        .map(annotation -> annotation.annotationType().getName()))
                .as("annotations of %s", type)
                .contains("org.pf4j.Extension");
    }

    void blockingAsDeclared() throws Exception {
        try (Started started = subject.started()) {
            assertThat(started.provider().blocking())
                    .as("blocking(), when the contract says %s", subject.abilities.isBlocking())
                    .isEqualTo(subject.abilities.isBlocking());
        }
    }

    void comesAndGoes() throws Exception {
        Provider old = subject.instance();
        Provider successor = subject.instance();

        old.start(subject.context(old));
        ContractSubject.open(old, subject.call());
        successor.start(subject.context(successor));
        ContractSubject.open(old, subject.call());
        old.stop();
        ContractSubject.open(successor, subject.call());
        successor.stop();
    }
}
