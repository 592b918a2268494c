package io.magicapi.gateway.testkit;

import static io.magicapi.gateway.testkit.ContractResults.jar;
import static io.magicapi.gateway.testkit.ContractResults.rules;
import static io.magicapi.gateway.testkit.ContractResults.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract lets good providers pass; {@link BadProvidersTest} has the others. */
class ProviderContractTest {

    @TempDir
    Path folder;

    private static void assertGood(ContractResults results, String... skipped) {
        assertThat(results.failed()).isEmpty();
        assertThat(results.skipped().keySet()).containsExactly(skipped);
        assertThat(results.passed()).isEqualTo(rules().size() - skipped.length);
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
}
