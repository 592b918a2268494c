package io.magicapi.gateway.echo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Model;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/**
 * What the echo server says. A function of the request alone: no clock, no counter, no chance, so the same request gets
 * the same answer, byte for byte, on every machine and on every day. Safe for all threads.
 */
public final class EchoAnswers {

    /** The moment at which everything was created: 2023-11-14T22:13:20Z. */
    static final long CREATED = 1_700_000_000L;

    private static final int EMBEDDING_DIMENSIONS = 16;
    private static final int MOST_DIMENSIONS = 3072;
    private static final int MOST_INPUTS = 2048;

    /** One pixel. */
    private static final String PNG =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private static final List<String> HARMS =
            List.of("harassment", "hate", "illicit", "self-harm", "sexual", "violence");

    private EchoAnswers() {}

    /** {@return the catalogue of the echo provider; any other model id is answered just the same} */
    public static List<Model> models() {
        InputStream file = EchoAnswers.class.getResourceAsStream("models.json");
        return Model.readCatalogue(Objects.requireNonNull(file, "models.json is part of this jar"));
    }

    /** {@return the answer, with the headers that go with it; errors are OpenAI-shaped answers like any other} */
    public static EchoAnswer answer(EchoRequest request) {
        EchoAnswer answer;
        try {
            answer = route(request);
        } catch (EchoRefusal refusal) {
            answer = refusal.answer();
        }
        return answer.with("x-request-id", "req_" + request.fingerprint())
                .with("openai-processing-ms", "1")
                .with("openai-version", "2020-10-01")
                .with("x-ratelimit-limit-requests", "10000")
                .with("x-ratelimit-remaining-requests", "9999")
                .with("x-ratelimit-reset-requests", "8.64s")
                .with("x-ratelimit-limit-tokens", "1000000")
                .with("x-ratelimit-remaining-tokens", "999000")
                .with("x-ratelimit-reset-tokens", "60ms");
    }

    private static EchoAnswer route(EchoRequest request) {
        String operation = request.operation().orElse("");
        return switch (request.method()) {
            case "POST" ->
                switch (operation) {
                    case "chat/completions" -> EchoChat.answer(request);
                    case "completions" -> completions(request);
                    case "responses" -> EchoResponses.answer(request);
                    case "embeddings" -> embeddings(request);
                    case "moderations" -> moderations(request);
                    case "audio/transcriptions" -> heard("transcribed", request);
                    case "audio/translations" -> heard("translated", request);
                    case "audio/speech" -> speech(request);
                    case "images/generations" -> images(request);
                    case "files" -> EchoAnswer.json(file("file-" + request.fingerprint(), request.bodyLength()));
                    default -> throw unknownUrl(request);
                };
            case "GET" -> get(operation, request);
            case "DELETE" -> {
                if (operation.startsWith("files/")) {
                    yield EchoAnswer.json(EchoJson.object()
                            .put("id", EchoRequest.decoded(operation.substring("files/".length())))
                            .put("object", "file")
                            .put("deleted", true));
                }
                throw unknownUrl(request);
            }
            default -> throw unknownUrl(request);
        };
    }

    private static EchoAnswer get(String operation, EchoRequest request) {
        if (operation.equals("models")) {
            ArrayNode entries = EchoJson.MAPPER.createArrayNode();
            models().forEach(model -> entries.add(entry(model)));
            return list(entries);
        }
        if (operation.startsWith("models/")) {
            String id = EchoRequest.decoded(operation.substring("models/".length()));
            return models().stream()
                    .filter(model -> model.id().equals(id))
                    .findFirst()
                    .map(model -> EchoAnswer.json(entry(model)))
                    .orElseThrow(
                            () -> EchoRefusal.of(404, "there is no model " + id + " here", "model", "model_not_found"));
        }
        if (operation.equals("files")) {
            return list(EchoJson.MAPPER.createArrayNode());
        }
        if (operation.startsWith("files/") && operation.endsWith("/content")) {
            byte[] content = "the content of a file\n".getBytes(StandardCharsets.UTF_8);
            return EchoAnswer.of(200, Headers.of("content-type", "application/octet-stream"), content);
        }
        if (operation.startsWith("files/")) {
            return EchoAnswer.json(file(EchoRequest.decoded(operation.substring("files/".length())), 0));
        }
        throw unknownUrl(request);
    }

    private static EchoRefusal unknownUrl(EchoRequest request) {
        return EchoRefusal.of(404, "there is nothing at " + request, null, "unknown_url");
    }

    private static EchoAnswer list(ArrayNode entries) {
        ObjectNode document = EchoJson.object().put("object", "list");
        document.set("data", entries);
        return EchoAnswer.json(document);
    }

    private static ObjectNode entry(Model model) {
        return EchoJson.object()
                .put("id", model.id())
                .put("object", "model")
                .put("created", CREATED)
                .put("owned_by", model.ownedBy());
    }

    private static ObjectNode file(String id, long bytes) {
        return EchoJson.object()
                .put("id", id)
                .put("object", "file")
                .put("bytes", bytes)
                .put("created_at", CREATED)
                .put("filename", "upload")
                .put("purpose", "assistants")
                .put("status", "processed");
    }

    /** {@return the model a request names} */
    static String model(JsonNode body) {
        String model = body.path("model").asText("");
        if (model.isEmpty()) {
            throw EchoRefusal.invalid("the request must name a model", "model");
        }
        return model;
    }

    /** {@return the lowest limit of tokens among these fields, or the server's own} */
    static int limit(JsonNode body, String... fields) {
        int limit = Words.MOST;
        for (String field : fields) {
            if (body.hasNonNull(field)) {
                int given = body.path(field).asInt();
                if (given < 1) {
                    throw EchoRefusal.invalid(field + " must be at least 1", field);
                }
                limit = Math.min(limit, given);
            }
        }
        return limit;
    }

    /** {@return a field that is one string or an array of what may be strings, as a list} */
    private static List<JsonNode> inputs(JsonNode body, String field) {
        JsonNode input = body.path(field);
        if (input.isTextual()) {
            return List.of(input);
        }
        if (input.isEmpty()) {
            throw EchoRefusal.invalid(field + " must be a string or a non-empty array", field);
        }
        if (input.size() > MOST_INPUTS) {
            throw EchoRefusal.invalid(field + " has more than " + MOST_INPUTS + " entries", field);
        }
        // An array of numbers is one text, as tokens; an array of anything else is several.
        List<JsonNode> inputs = new ArrayList<>();
        if (input.path(0).isNumber()) {
            inputs.add(input);
        } else {
            input.forEach(inputs::add);
        }
        return inputs;
    }

    private static int tokens(JsonNode text) {
        return text.isTextual() ? Words.of(text.asText()).size() : text.size();
    }

    private static EchoAnswer completions(EchoRequest request) {
        JsonNode body = request.json();
        String model = model(body);
        int limit = limit(body, "max_tokens");
        List<byte[]> events = new ArrayList<>();
        ObjectNode whole = completion(request, model);
        ArrayNode choices = whole.putArray("choices");
        int prompt = 0;
        int completion = 0;
        for (JsonNode text : inputs(body, "prompt")) {
            int index = choices.size();
            String asked = text.isTextual() ? text.asText() : EchoJson.text(text);
            String said = Words.first(limit, asked);
            String finish = said.length() < asked.length() ? "length" : "stop";
            prompt += tokens(text);
            completion += Words.of(said).size();
            choices.add(choice(said, index).put("finish_reason", finish));
            for (String word : Words.of(said)) {
                events.add(completionEvent(request, model, choice(word, index).putNull("finish_reason")));
            }
            events.add(completionEvent(request, model, choice("", index).put("finish_reason", finish)));
        }
        ObjectNode usage = EchoJson.object()
                .put("prompt_tokens", prompt)
                .put("completion_tokens", completion)
                .put("total_tokens", prompt + completion);
        if (!body.path("stream").asBoolean()) {
            whole.set("usage", usage);
            return EchoAnswer.json(whole);
        }
        if (body.path("stream_options").path("include_usage").asBoolean()) {
            ObjectNode last = completion(request, model);
            last.putArray("choices");
            last.set("usage", usage);
            events.add(EchoJson.event(last));
        }
        events.add(EchoChat.DONE);
        return EchoAnswer.events(events);
    }

    private static ObjectNode completion(EchoRequest request, String model) {
        return EchoJson.object()
                .put("id", "cmpl-" + request.fingerprint())
                .put("object", "text_completion")
                .put("created", CREATED)
                .put("model", model);
    }

    private static ObjectNode choice(String text, int index) {
        return EchoJson.object().put("text", text).put("index", index).putNull("logprobs");
    }

    private static byte[] completionEvent(EchoRequest request, String model, ObjectNode choice) {
        ObjectNode chunk = completion(request, model);
        chunk.putArray("choices").add(choice);
        return EchoJson.event(chunk);
    }

    private static EchoAnswer embeddings(EchoRequest request) {
        JsonNode body = request.json();
        String model = model(body);
        int dimensions = body.path("dimensions").asInt(EMBEDDING_DIMENSIONS);
        if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
            throw EchoRefusal.invalid("dimensions must be 1 to " + MOST_DIMENSIONS, "dimensions");
        }
        boolean base64 = body.path("encoding_format").asText().equals("base64");
        ObjectNode document = EchoJson.object().put("object", "list");
        ArrayNode data = document.putArray("data");
        int prompt = 0;
        for (JsonNode text : inputs(body, "input")) {
            prompt += tokens(text);
            float[] vector = vector(EchoJson.text(text), dimensions);
            ObjectNode entry = data.addObject().put("object", "embedding").put("index", data.size() - 1);
            if (base64) {
                entry.put("embedding", base64(vector));
            } else {
                ArrayNode numbers = entry.putArray("embedding");
                for (float number : vector) {
                    numbers.add(number);
                }
            }
        }
        document.put("model", model);
        document.putObject("usage").put("prompt_tokens", prompt).put("total_tokens", prompt);
        return EchoAnswer.json(document);
    }

    /** A vector of length 1 that depends on the text; the generator's sequence is fixed by Java's specification. */
    private static float[] vector(String text, int dimensions) {
        Random random = new Random(text.hashCode());
        double[] raw = random.doubles(dimensions, -1, 1).toArray();
        double squares = 0;
        for (double number : raw) {
            squares += number * number;
        }
        float[] vector = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            vector[i] = (float) (raw[i] / Math.sqrt(squares));
        }
        return vector;
    }

    private static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    private static EchoAnswer moderations(EchoRequest request) {
        JsonNode body = request.json();
        ObjectNode document = EchoJson.object()
                .put("id", "modr-" + request.fingerprint())
                .put("model", body.path("model").asText("echo"));
        ArrayNode results = document.putArray("results");
        for (int i = inputs(body, "input").size(); i > 0; i--) {
            ObjectNode result = results.addObject().put("flagged", false);
            ObjectNode categories = result.putObject("categories");
            ObjectNode scores = result.putObject("category_scores");
            for (String harm : HARMS) {
                categories.put(harm, false);
                scores.put(harm, 0.0);
            }
        }
        return EchoAnswer.json(document);
    }

    private static EchoAnswer heard(String done, EchoRequest request) {
        return EchoAnswer.json(EchoJson.object().put("text", done + " " + request.bodyLength() + " bytes received"));
    }

    /** A WAV file of 0.01 s of silence: 8 kHz, 8 bit, one channel. */
    private static EchoAnswer speech(EchoRequest request) {
        JsonNode body = request.json();
        model(body);
        if (body.path("input").asText("").isEmpty()) {
            throw EchoRefusal.invalid("input must be the text to speak", "input");
        }
        int samples = 80;
        ByteBuffer wav = ByteBuffer.allocate(44 + samples).order(ByteOrder.LITTLE_ENDIAN);
        wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + samples);
        wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        wav.putShort((short) 1)
                .putShort((short) 1)
                .putInt(8000)
                .putInt(8000)
                .putShort((short) 1)
                .putShort((short) 8);
        wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(samples);
        while (wav.hasRemaining()) {
            wav.put((byte) 0x80);
        }
        return EchoAnswer.of(200, Headers.of("content-type", "audio/wav"), wav.array());
    }

    private static EchoAnswer images(EchoRequest request) {
        JsonNode body = request.json();
        int images = body.path("n").asInt(1);
        if (images < 1 || images > 10) {
            throw EchoRefusal.invalid("n must be 1 to 10", "n");
        }
        ObjectNode document = EchoJson.object().put("created", CREATED);
        ArrayNode data = document.putArray("data");
        for (int i = 0; i < images; i++) {
            data.addObject().put("b64_json", PNG);
        }
        return EchoAnswer.json(document);
    }
}
