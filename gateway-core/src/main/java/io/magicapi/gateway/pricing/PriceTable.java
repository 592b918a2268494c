package io.magicapi.gateway.pricing;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Prices by provider and model. Read from one of two kinds of file: our own, see {@code docs/observability.md}, and
 * LiteLLM's {@code model_prices_and_context_window.json}.
 */
public final class PriceTable {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private static final String BUNDLED = "prices.json";

    /** LiteLLM's names of providers that we call otherwise. */
    private static final Map<String, String> LITELLM_PROVIDERS = Map.of(
            "bedrock_converse", "bedrock",
            "together_ai", "together",
            "fireworks_ai", "fireworks",
            "cohere_chat", "cohere",
            "text-completion-openai", "openai");

    private final String version;
    private final Map<String, Map<String, Price>> prices;

    private PriceTable(String version, Map<String, Map<String, Price>> prices) {
        this.version = version;
        this.prices = prices;
    }

    /** {@return the prices that come with the gateway} */
    public static PriceTable bundled() {
        try (InputStream file = PriceTable.class.getResourceAsStream(BUNDLED)) {
            if (file == null) {
                throw new IllegalStateException(BUNDLED + " is missing in the jar");
            }
            return of(JSON.readTree(file), BUNDLED);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads a file. Blocks.
     *
     * @throws IOException if it cannot be read or is not JSON
     * @throws IllegalArgumentException if it is neither of the two kinds, or a price in it is none; the message says which
     */
    public static PriceTable read(Path file) throws IOException {
        return of(JSON.readTree(Files.readAllBytes(file)), file.getFileName().toString());
    }

    private static PriceTable of(JsonNode file, String name) {
        if (!file.isObject()) {
            throw new IllegalArgumentException("it must hold a JSON object");
        }
        return file.path("prices").isObject() ? own(file) : liteLlm(file, name);
    }

    private static PriceTable own(JsonNode file) {
        Map<String, Map<String, Price>> prices = new HashMap<>();
        file.path("prices")
                .properties()
                .forEach(provider -> provider.getValue()
                        .properties()
                        .forEach(model -> prices.computeIfAbsent(provider.getKey(), first -> new HashMap<>())
                                .put(
                                        model.getKey(),
                                        perMillion(provider.getKey() + "/" + model.getKey(), model.getValue()))));
        return new PriceTable(file.path("version").asText("unknown"), prices);
    }

    private static Price perMillion(String model, JsonNode price) {
        long input = required(model, price, "input", 6);
        return new Price(
                input,
                price(model, price, "cache-read", 6).orElse(input),
                price(model, price, "cache-write", 6).orElse(input),
                price(model, price, "output", 6).orElse(0L));
    }

    private static PriceTable liteLlm(JsonNode file, String name) {
        Map<String, Map<String, Price>> prices = new HashMap<>();
        file.properties().forEach(entry -> {
            JsonNode model = entry.getValue();
            String theirs = model.path("litellm_provider").asText("");
            if (!model.path("input_cost_per_token").isNumber() || theirs.isEmpty()) {
                return; // priced by image, second or page, or no model at all
            }
            String prefix = theirs + "/";
            String id = entry.getKey().startsWith(prefix) ? entry.getKey().substring(prefix.length()) : entry.getKey();
            prices.computeIfAbsent(LITELLM_PROVIDERS.getOrDefault(theirs, theirs), first -> new HashMap<>())
                    .put(id, perToken(entry.getKey(), model));
        });
        if (prices.isEmpty()) {
            throw new IllegalArgumentException(
                    "it has neither \"prices\" nor a model with \"litellm_provider\" and \"input_cost_per_token\"");
        }
        return new PriceTable(name, prices);
    }

    private static Price perToken(String model, JsonNode price) {
        long input = required(model, price, "input_cost_per_token", 12);
        return new Price(
                input,
                price(model, price, "cache_read_input_token_cost", 12).orElse(input),
                price(model, price, "cache_creation_input_token_cost", 12).orElse(input),
                price(model, price, "output_cost_per_token", 12).orElse(0L));
    }

    private static long required(String model, JsonNode price, String field, int scale) {
        return price(model, price, field, scale)
                .orElseThrow(() -> new IllegalArgumentException(model + " has no \"" + field + "\""));
    }

    /** {@return picodollars a token; rounded, as other people's tables hold what binary fractions left of a price} */
    private static Optional<Long> price(String model, JsonNode price, String field, int scale) {
        JsonNode value = price.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        BigDecimal pico = value.isNumber()
                ? value.decimalValue().scaleByPowerOfTen(scale).setScale(0, RoundingMode.HALF_UP)
                : BigDecimal.ONE.negate();
        if (pico.signum() < 0 || pico.compareTo(BigDecimal.valueOf(Price.MOST)) > 0) {
            throw new IllegalArgumentException(
                    "\"" + field + "\" of " + model + " must be a number from 0 to $1,000 for a million tokens");
        }
        return Optional.of(pico.longValueExact());
    }

    /** {@return these prices, and for models that have none here those of another table} */
    public PriceTable over(PriceTable other) {
        Map<String, Map<String, Price>> all = new HashMap<>();
        other.prices.forEach((provider, models) -> all.put(provider, new HashMap<>(models)));
        prices.forEach((provider, models) ->
                all.computeIfAbsent(provider, first -> new HashMap<>()).putAll(models));
        return new PriceTable(version + " over " + other.version, all);
    }

    /** {@return what a model costs; empty if that is not known} */
    public Optional<Price> find(String provider, String model) {
        return Optional.ofNullable(lookUp(provider, model));
    }

    private @Nullable Price lookUp(String provider, String model) {
        Map<String, Price> models = prices.get(provider);
        return models == null ? null : models.get(model);
    }

    /** {@return which prices these are: the version of the table, or the name of a file without one} */
    public String version() {
        return version;
    }

    /** {@return how many models have a price} */
    public int size() {
        return prices.values().stream().mapToInt(Map::size).sum();
    }
}
