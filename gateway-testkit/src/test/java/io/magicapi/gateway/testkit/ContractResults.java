package io.magicapi.gateway.testkit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.magicapi.gateway.api.Provider;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** How the rules of the contract went for one provider, by number. */
final class ContractResults implements TestExecutionListener {

    private final Map<String, String> failed = new TreeMap<>();
    private final Map<String, String> skipped = new TreeMap<>();
    private int passed;

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        String number = test.getDisplayName().replaceFirst(":.*", "");
        String words = result.getThrowable().map(String::valueOf).orElse("");
        switch (result.getStatus()) {
            case FAILED -> failed.put(number, words);
            case ABORTED -> skipped.put(number, words);
            case SUCCESSFUL -> passed += test.isTest() ? 1 : 0;
        }
    }

    /** {@return how the contract went for a provider, of which this is declared, and its jar, if it has one} */
    static ContractResults run(Class<? extends Provider> type, Abilities abilities, Optional<Path> jar) {
        ContractOfOne.subject = new ContractOfOne.Subject(type, abilities, jar);
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(ContractOfOne.class))
                .build();
        ContractResults results = new ContractResults();
        LauncherFactory.create().execute(request, results);
        return results;
    }

    /** {@return the rules that were broken, each with what was said} */
    Map<String, String> failed() {
        return failed;
    }

    /** {@return the rules that were skipped, each with what was said} */
    Map<String, String> skipped() {
        return skipped;
    }

    /** {@return how many rules were kept} */
    int passed() {
        return passed;
    }

    /** {@return a jar with these classes, of which the first is its provider} */
    static PluginJar jar(Class<?>... types) {
        PluginJar jar = PluginJar.of("acme").extensions(types[0].getName());
        for (Class<?> type : types) {
            jar.copyOf(type);
        }
        return jar;
    }

    /** {@return number and words of each rule, in order} */
    static List<String> rules() {
        return Arrays.stream(ProviderContract.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(method -> method.getAnnotation(DisplayName.class).value())
                .sorted()
                .toList();
    }
}
