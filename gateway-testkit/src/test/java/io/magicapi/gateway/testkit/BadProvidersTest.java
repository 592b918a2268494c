package io.magicapi.gateway.testkit;

import static io.magicapi.gateway.testkit.ContractResults.jar;
import static io.magicapi.gateway.testkit.ContractResults.rules;
import static io.magicapi.gateway.testkit.ContractResults.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Of each bad provider the contract finds what is bad, and nothing else. */
class BadProvidersTest {

    @TempDir
    Path folder;

    private static void assertBreaks(String rule, ContractResults results) {
        assertThat(results.failed().keySet()).as("%s", results.failed()).containsExactly(rule);
        assertThat(results.failed().get(rule)).contains("docs/provider-contract.md explains it under " + rule + ".");
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
}
