package io.magicapi.gateway.testkit;

import io.magicapi.gateway.api.Provider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every provider must do, as tests. A plugin's author extends this class and has them all:
 *
 * <pre>{@code
 * class AcmeContractTest extends ProviderContract {
 *     @Override
 *     protected Provider provider() {
 *         return new AcmeProvider();
 *     }
 * }
 * }</pre>
 *
 * <p>The provider is served by a real gateway, with a {@link FakeUpstream} in the place of its server, so the class needs
 * no network. What it can do beyond the simplest is declared by {@link #abilities()}. Each rule has a number, under which
 * {@code docs/provider-contract.md} explains it. A rule that does not apply to a provider is skipped, and says why.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.DisplayName.class)
@ExtendWith(RuleReport.class)
public abstract class ProviderContract {

    /** The system property that names the jar to look at, when there is one. */
    private static final String JAR = "gateway.plugin.jar";

    private @Nullable Rules rules;

    /** The rules by what they are about, all of one subject. */
    private record Rules(
            ContractSubject subject,
            IdentityRules identity,
            RequestRules requests,
            BodyRules bodies,
            AnswerRules answers,
            ConductRules conduct,
            JarRules jars) {}

    /** For subclasses; their constructors do nothing, since {@link #provider()} is asked often. */
    protected ProviderContract() {}

    /** {@return a new instance each time, as a gateway would make it: not started} */
    protected abstract Provider provider();

    /** {@return what the provider can do; by default it passes on what OpenAI's API has} */
    protected Abilities abilities() {
        return Abilities.passThrough();
    }

    /** {@return the name of a model that the provider takes for one; by default one that exists nowhere} */
    protected String model() {
        return "contract-model";
    }

    /** {@return a key of the form that the provider wants; it opens nothing} */
    protected String key() {
        return "sk-contract-0123456789abcdefghijklmnopqrstuvwxyz";
    }

    /**
     * The plugin's jar. By default the one that the system property {@code gateway.plugin.jar} names, or else one that is
     * made of the directory in which the provider's class was found ({@code target/classes}), without the libraries that
     * the build will add, and with a manifest of the testkit's making if there is none.
     *
     * @return empty to skip the rules about it
     * @throws IOException if it cannot be made
     */
    protected Optional<Path> jar() throws IOException {
        String named = System.getProperty(JAR);
        return named != null
                ? Optional.of(Path.of(named))
                : PackagedClasses.jarOf(provider().getClass(), provider().name());
    }

    @BeforeAll
    void startGateway() throws Exception {
        ContractSubject subject = new ContractSubject(this::provider, abilities(), model(), key());
        rules = new Rules(
                subject,
                new IdentityRules(subject),
                new RequestRules(subject),
                new BodyRules(subject),
                new AnswerRules(subject),
                new ConductRules(subject),
                new JarRules(subject, jar()));
        subject.start();
    }

    @BeforeEach
    void resetUpstream() {
        ContractSubject subject = rules().subject();
        if (subject.refusal().isEmpty()) {
            subject.upstream().reset();
            subject.upstream().answerWith(subject.abilities.wire().plain().answer());
        }
    }

    @AfterAll
    void stopGateway() throws Exception {
        rules().subject().close();
    }

    private Rules rules() {
        return Objects.requireNonNull(rules, "the tests have not begun");
    }

    // What it says of itself

    @Test
    @DisplayName("P01: the name is a constant of the allowed form")
    void p01() {
        rules().identity().name();
    }

    @Test
    @DisplayName("P02: the base URL is a constant, absolute, and ends without a slash")
    void p02() {
        rules().identity().baseUrl();
    }

    @Test
    @DisplayName("P03: the operations are a constant list, each once")
    void p03() {
        rules().identity().operations();
    }

    @Test
    @DisplayName("P04: the models are a constant list, each once")
    void p04() {
        rules().identity().models();
    }

    @Test
    @DisplayName("P05: key variable, credential headers and usage pointers are constants of the allowed form")
    void p05() {
        rules().identity().keysAndUsage();
    }

    @Test
    @DisplayName("P06: the class can be found and instantiated by a gateway")
    void p06() {
        rules().identity().instantiable();
    }

    @Test
    @DisplayName("P07: it says that it blocks if and only if that is declared")
    void p07() throws Exception {
        rules().identity().blockingAsDeclared();
    }

    @Test
    @DisplayName("P08: it starts beside its predecessor, and stops without harm to its successor")
    void p08() throws Exception {
        rules().identity().comesAndGoes();
    }

    // Requests

    @Test
    @DisplayName("P09: it works at the base URL that the operator configures")
    void p09() throws Exception {
        rules().requests().configuredBaseUrl();
    }

    @Test
    @DisplayName("P10: path and query are sent byte for byte, or stay below the base URL")
    void p10() throws Exception {
        rules().requests().path();
    }

    @Test
    @DisplayName("P11: the key is sent in its one place and nowhere else")
    void p11() throws Exception {
        rules().requests().keyInItsPlace();
    }

    @Test
    @DisplayName("P12: no call gets the key or the words of another")
    void p12() throws Exception {
        rules().requests().keysNeverMixed();
    }

    @Test
    @DisplayName("P13: without a key the call is refused with 401, and nothing is sent")
    void p13() throws Exception {
        rules().requests().missingKey();
    }

    @Test
    @DisplayName("P14: it asks for no headers of the connection, and for none twice")
    void p14() throws Exception {
        rules().requests().nothingOfTheConnection();
    }

    @Test
    @DisplayName("P15: nothing that is private to the client reaches the upstream")
    void p15() throws Exception {
        rules().requests().nothingPrivate();
    }

    @Test
    @DisplayName("P16: the client's own headers reach the upstream")
    void p16() throws Exception {
        rules().requests().clientsHeaders();
    }

    // Bodies

    @Test
    @DisplayName("P17: a plain chat reaches the upstream unchanged, or translated in full")
    void p17() throws Exception {
        rules().bodies().plain();
    }

    @Test
    @DisplayName("P18: a streamed chat reaches the upstream unchanged, or translated in full")
    void p18() throws Exception {
        rules().bodies().streamed();
    }

    @Test
    @DisplayName("P19: tools reach the upstream unchanged, or translated in full")
    void p19() throws Exception {
        rules().bodies().tools();
    }

    @Test
    @DisplayName("P20: images reach the upstream unchanged, or translated in full")
    void p20() throws Exception {
        rules().bodies().vision();
    }

    @Test
    @DisplayName("P21: what is not declared is refused with 400 or 404, and nothing is sent")
    void p21() throws Exception {
        rules().bodies().undeclaredIsRefused();
    }

    @Test
    @DisplayName("P22: a malformed chat is refused or passed on, and never a failure of the provider")
    void p22() throws Exception {
        rules().bodies().oddBodies();
    }

    // Calls and operations

    @Test
    @DisplayName("P23: a call is left as it was, so that it can be sent again")
    void p23() throws Exception {
        rules().requests().callLeftAlone();
    }

    @Test
    @DisplayName("P24: every operation it serves reaches the upstream")
    void p24() throws Exception {
        rules().requests().everyServedOperation();
    }

    @Test
    @DisplayName("P25: an upload passes without being looked into")
    void p25() throws Exception {
        rules().requests().uploads();
    }

    @Test
    @DisplayName("P26: an operation it does not serve is a 404 before any of its code runs")
    void p26() throws Exception {
        rules().requests().notServed();
    }

    // Answers

    @Test
    @DisplayName("P27: a plain answer reaches the client in OpenAI's shape")
    void p27() throws Exception {
        rules().answers().plain();
    }

    @Test
    @DisplayName("P28: a stream reaches the client in OpenAI's shape, whole, up to [DONE]")
    void p28() throws Exception {
        rules().answers().streamed();
    }

    @Test
    @DisplayName("P29: a tool call reaches the client in OpenAI's shape, plain and in a stream")
    void p29() throws Exception {
        rules().answers().toolCalls();
    }

    @Test
    @DisplayName("P30: a stream is the same wherever it is cut into pieces")
    void p30() throws Exception {
        rules().answers().cutAtEveryByte();
    }

    @Test
    @DisplayName("P31: a stream that ends too early is a visible failure")
    void p31() throws Exception {
        rules().answers().endsTooEarly();
    }

    @Test
    @DisplayName("P32: an error within a stream is a visible failure that says what the upstream said")
    void p32() throws Exception {
        rules().answers().errorInStream();
    }

    @Test
    @DisplayName("P33: a refusal keeps its status and Retry-After, and has OpenAI's shape")
    void p33() throws Exception {
        rules().answers().refusals();
    }

    @Test
    @DisplayName("P34: it calls worth retrying what is, and not what is not")
    void p34() throws Exception {
        rules().answers().retryable();
    }

    @Test
    @DisplayName("P35: token usage is found in answers and streams")
    void p35() throws Exception {
        rules().answers().usage();
    }

    // Conduct

    @Test
    @DisplayName("P36: no call holds an event loop for 10 ms")
    void p36() throws Exception {
        rules().conduct().brief();
    }

    @Test
    @DisplayName("P37: a silent upstream is given up at the deadline")
    void p37() throws Exception {
        rules().conduct().deadlines();
    }

    @Test
    @DisplayName("P38: a call is one request, which ends when the client leaves")
    void p38() throws Exception {
        rules().conduct().oneRequestUntilTheClientLeaves();
    }

    @Test
    @DisplayName("P39: no key, prompt or answer is logged, and no key answered")
    void p39() throws Exception {
        rules().conduct().noSecretLogged();
    }

    @Test
    @DisplayName("P40: nothing prints the key")
    void p40() throws Exception {
        rules().conduct().noSecretPrinted();
    }

    // The jar

    @Test
    @DisplayName("P41: the jar is accepted")
    void p41() {
        rules().jars().accepted();
    }

    @Test
    @DisplayName("P42: loaded and unloaded 50 times, it leaves no class loader and no thread behind")
    void p42() throws Exception {
        rules().jars().leavesNothingBehind();
    }

    // Answers that it is given the beginning of

    @Test
    @DisplayName("P43: what it says of answers to go on with is a constant, said at once of any model, and true")
    void p43() throws Exception {
        rules().conduct().continuesAnswers();
    }
}
