package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.magicapi.gateway.api.Provider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The contract lets good providers pass, and of each bad one finds what is bad, and nothing else. */
class ProviderContractTest {

    @TempDir
    Path folder;

    /** How the rules went, by number. */
    private static final class Results implements TestExecutionListener {

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
    }

    private static Results run(Class<? extends Provider> type, Abilities abilities, Optional<Path> jar) {
        ContractOfOne.subject = new ContractOfOne.Subject(type, abilities, jar);
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(ContractOfOne.class))
                .build();
        Results results = new Results();
        LauncherFactory.create().execute(request, results);
        return results;
    }

    private static void assertGood(Results results, String... skipped) {
        assertThat(results.failed).isEmpty();
        assertThat(results.skipped.keySet()).containsExactly(skipped);
        assertThat(results.passed).isEqualTo(rules().size() - skipped.length);
    }

    private static void assertBreaks(String rule, Results results) {
        assertThat(results.failed.keySet()).as("%s", results.failed).containsExactly(rule);
        assertThat(results.failed.get(rule)).contains("docs/provider-contract.md explains it under " + rule + ".");
    }

    private static PluginJar jar(Class<?>... types) {
        PluginJar jar = PluginJar.of("acme").extensions(types[0].getName());
        for (Class<?> type : types) {
            jar.copyOf(type);
        }
        return jar;
    }

    @Test
    @DisplayName("a good provider that passes everything on keeps every rule, and has nothing undeclared")
    void passesThrough() {
        Path jar = jar(GoodProvider.class).writeTo(folder);

        assertGood(run(GoodProvider.class, Abilities.passThrough(), Optional.of(jar)), "P21");
    }

    @Test
    @DisplayName("a good provider that translates keeps every rule but those of what it does not do")
    void translates() {
        assertGood(
                run(TranslatingProvider.class, BadProviders.translating(Wire.openAi()), Optional.empty()),
                "P16",
                "P21",
                "P25",
                "P41",
                "P42");
    }

    @Test
    @DisplayName("a good provider whose server speaks another language keeps the same rules")
    void translatesAnswers() {
        assertGood(
                run(ForeignProvider.class, BadProviders.FOREIGN, Optional.empty()), "P16", "P21", "P25", "P41", "P42");
    }

    @Test
    @DisplayName("a good provider that translates text only refuses the rest")
    void translatesText() {
        assertGood(
                run(TranslatingProvider.OfTextOnly.class, BadProviders.TRANSLATING, Optional.empty()),
                "P16",
                "P18",
                "P19",
                "P20",
                "P25",
                "P28",
                "P29",
                "P30",
                "P31",
                "P32",
                "P41",
                "P42");
    }

    @Test
    @DisplayName("a provider that blocks is good if that is declared")
    void blocks() {
        assertGood(
                run(
                        BadProviders.BlocksWithoutSayingSo.class,
                        Abilities.passThrough().blocking(),
                        Optional.empty()),
                "P21",
                "P36",
                "P41",
                "P42");
    }

    @Test
    @DisplayName("a provider with paths of its own is good if that is declared")
    void ownPaths() {
        assertGood(
                run(BadProviders.NoQuery.class, Abilities.passThrough().ownPaths(), Optional.empty()),
                "P21",
                "P41",
                "P42");
    }

    @TestFactory
    @DisplayName("a bad provider breaks its rule, and no other")
    Stream<DynamicTest> bad() {
        return BadProviders.all().stream()
                .map(bad -> DynamicTest.dynamicTest(
                        bad.rule() + ": " + bad.type().getSimpleName(),
                        () -> assertBreaks(bad.rule(), run(bad.type(), bad.abilities(), Optional.empty()))));
    }

    @Test
    @DisplayName("a jar without an index of extensions breaks P41 and cannot be loaded for P42")
    void badJar() {
        Path jar = jar(GoodProvider.class).withoutExtensionsIndex().writeTo(folder);

        assertBreaks("P41", run(GoodProvider.class, Abilities.passThrough(), Optional.of(jar)));
    }

    @Test
    @DisplayName("a jar whose provider leaves a thread behind breaks P42, and no other")
    void leak() {
        Path jar = jar(LeakingProvider.class, GoodProvider.class).writeTo(folder);

        assertBreaks("P42", run(LeakingProvider.class, Abilities.passThrough(), Optional.of(jar)));
    }

    @Test
    @DisplayName("there is a bad provider for each rule")
    void complete() {
        List<String> covered = Stream.concat(
                        BadProviders.all().stream().map(BadProviders.Case::rule), Stream.of("P41", "P42"))
                .distinct()
                .sorted()
                .toList();

        assertThat(covered)
                .containsExactlyElementsOf(rules().stream()
                        .map(rule -> rule.replaceFirst(":.*", ""))
                        .toList());
    }

    @Test
    @DisplayName("the document has a paragraph for each rule, under its number and words, and no other")
    void documented() throws IOException {
        String document = Files.readString(Path.of("../docs/provider-contract.md"));

        assertThat(Pattern.compile("(?m)^### (P\\d+: .+)\\n\\n\\S")
                        .matcher(document)
                        .results()
                        .map(heading -> heading.group(1)))
                .containsExactlyElementsOf(rules());
    }

    private static List<String> rules() {
        return Arrays.stream(ProviderContract.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(method -> method.getAnnotation(DisplayName.class).value())
                .sorted()
                .toList();
    }
}
