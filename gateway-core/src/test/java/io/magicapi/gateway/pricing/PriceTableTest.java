package io.magicapi.gateway.pricing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PriceTableTest {

    @TempDir
    Path directory;

    private PriceTable read(String json) throws IOException {
        Path file = directory.resolve("prices.json");
        Files.writeString(file, json);
        return PriceTable.read(file);
    }

    @Test
    @DisplayName("the prices that come with the gateway have a version, and are dollars for a million tokens")
    void bundled() {
        PriceTable bundled = PriceTable.bundled();

        assertThat(bundled.version()).matches("\\d{4}-\\d{2}-\\d{2}");
        assertThat(bundled.size()).isGreaterThan(40);
        assertThat(bundled.find("groq", "openai/gpt-oss-20b")).contains(new Price(75_000, 37_500, 75_000, 300_000));
        assertThat(bundled.find("openai", "gpt-4o-mini")).contains(new Price(150_000, 75_000, 150_000, 600_000));
        assertThat(bundled.find("anthropic", "claude-haiku-4-5"))
                .contains(new Price(1_000_000, 100_000, 1_250_000, 5_000_000));
        assertThat(bundled.find("gemini", "gemini-2.5-flash-lite"))
                .contains(new Price(100_000, 10_000, 100_000, 400_000));
        assertThat(bundled.find("groq", "no-such-model")).isEmpty();
        assertThat(bundled.find("no-such-provider", "gpt-4o")).isEmpty();
    }

    @Test
    @DisplayName("a file's prices go before the bundled ones, model by model")
    void over() throws IOException {
        PriceTable table = read("""
                {"version": "7", "prices": {"groq": {"openai/gpt-oss-20b": {"input": 0.01, "output": 0.02}},
                 "lab": {"qwen": {"input": 0.125, "cache-read": 0, "cache-write": 0.25, "output": 1}}}}
                """).over(PriceTable.bundled());

        assertThat(table.version()).startsWith("7 over ");
        assertThat(table.find("groq", "openai/gpt-oss-20b")).contains(new Price(10_000, 10_000, 10_000, 20_000));
        assertThat(table.find("lab", "qwen")).contains(new Price(125_000, 0, 250_000, 1_000_000));
        assertThat(table.find("groq", "qwen/qwen3-32b")).isPresent();
    }

    @Test
    @DisplayName("LiteLLM's file is read, its binary fractions rounded, and what it does not price by token left out")
    void liteLlm() throws IOException {
        PriceTable table = read("""
                {
                  "sample_spec": {"input_cost_per_token": 0.0, "litellm_provider": "one of https://docs.litellm.ai"},
                  "gpt-x": {"litellm_provider": "openai", "input_cost_per_token": 3.0000000000000004e-07,
                            "output_cost_per_token": 1.2e-06, "cache_read_input_token_cost": 7.5e-08,
                            "cache_creation_input_token_cost": null, "mode": "chat"},
                  "groq/llama": {"litellm_provider": "groq", "input_cost_per_token": 5e-08,
                                 "output_cost_per_token": 8e-08},
                  "together_ai/org/model": {"litellm_provider": "together_ai", "input_cost_per_token": 1e-06},
                  "anthropic.claude": {"litellm_provider": "bedrock_converse", "input_cost_per_token": 3e-06,
                                       "output_cost_per_token": 1.5e-05, "cache_creation_input_token_cost": 3.75e-06},
                  "dall-e": {"litellm_provider": "openai", "output_cost_per_image": 0.04}
                }
                """);

        assertThat(table.find("openai", "gpt-x")).contains(new Price(300_000, 75_000, 300_000, 1_200_000));
        assertThat(table.find("groq", "llama")).contains(new Price(50_000, 50_000, 50_000, 80_000));
        assertThat(table.find("together", "org/model")).contains(new Price(1_000_000, 1_000_000, 1_000_000, 0));
        assertThat(table.find("bedrock", "anthropic.claude"))
                .contains(new Price(3_000_000, 3_000_000, 3_750_000, 15_000_000));
        assertThat(table.find("openai", "dall-e")).isEmpty();
        assertThat(table.version()).isEqualTo("prices.json");
    }

    @Test
    @DisplayName("what is no table of prices is refused with the place that is wrong")
    void refused() {
        assertThatThrownBy(() -> read("[]")).hasMessage("it must hold a JSON object");
        assertThatThrownBy(() -> read("{\"a\": {}}")).hasMessageContaining("neither \"prices\" nor a model");
        assertThatThrownBy(() -> read("{\"prices\": {\"a\": {\"b\": {\"output\": 1}}}}"))
                .hasMessage("a/b has no \"input\"");
        assertThatThrownBy(() -> read("{\"prices\": {\"a\": {\"b\": {\"input\": -1}}}}"))
                .hasMessageContaining("\"input\" of a/b must be a number from 0");
        assertThatThrownBy(() -> read("{\"prices\": {\"a\": {\"b\": {\"input\": \"1\"}}}}"))
                .hasMessageContaining("\"input\" of a/b");
        assertThatThrownBy(() -> read("{\"prices\": {\"a\": {\"b\": {\"input\": 1000.01}}}}"))
                .hasMessageContaining("\"input\" of a/b");
    }

    @Test
    @DisplayName("a cost is added up exactly, and half a nanodollar rounded up once")
    void cost() {
        Price price = new Price(50_000, 25_000, 62_500, 80_000);

        assertThat(price.cost(1000, 0, 0, 500)).isEqualTo(90_000); // $0.00005 and $0.00004
        assertThat(price.cost(0, 1000, 1000, 0)).isEqualTo(87_500);
        assertThat(new Price(500, 0, 0, 0).cost(1, 0, 0, 0)).isEqualTo(1);
        assertThat(new Price(499, 0, 0, 0).cost(1, 0, 0, 0)).isZero();
        assertThat(new Price(499, 0, 0, 1).cost(1, 0, 0, 1)).isEqualTo(1);
    }

    @Test
    @DisplayName("the cost of the largest counts at the highest price does not overflow")
    void noOverflow() {
        Price highest = new Price(Price.MOST, Price.MOST, Price.MOST, Price.MOST);

        assertThat(highest.cost(Integer.MAX_VALUE, 0, 0, Integer.MAX_VALUE)).isEqualTo(4_294_967_294_000_000L);
    }
}
