package io.magicapi.gateway.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A body held in memory. */
final class BytesBody implements Body {

    /** Strict where leniency would let the gateway and the upstream read two different requests. */
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    // Images are long strings; how long a body may be is checked where it is received.
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
            .build();

    /** For text that is half of a surrogate pair, which UTF-8 cannot hold. */
    private static final ObjectWriter ASCII = MAPPER.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

    private static final ObjectReader READER = MAPPER.readerFor(JsonNode.class);

    private final byte[] bytes;
    private volatile @Nullable JsonNode document;

    BytesBody(byte[] bytes) {
        this.bytes = bytes;
    }

    static BytesBody of(JsonNode document) {
        try {
            return new BytesBody(MAPPER.writeValueAsBytes(document));
        } catch (JsonProcessingException e) {
            return inAscii(document);
        }
    }

    private static BytesBody inAscii(JsonNode document) {
        try {
            return new BytesBody(ASCII.writeValueAsBytes(document));
        } catch (JsonProcessingException e) {
            // Jackson's own message may quote what stands in the tree.
            throw new IllegalArgumentException("the document is not a plain JSON tree");
        }
    }

    @Override
    public boolean isStreamed() {
        return false;
    }

    @Override
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    @Override
    public JsonNode json() {
        JsonNode parsed = document;
        if (parsed == null) {
            try {
                parsed = READER.readValue(bytes);
            } catch (IOException e) {
                // Jackson's own message may quote the body, which must not travel into a log.
                throw new ProviderException(ProviderException.Kind.INVALID_REQUEST, "the body is not valid JSON");
            }
            document = parsed;
        }
        return parsed;
    }

    @Override
    public String toString() {
        return "Body[" + bytes.length + " bytes]";
    }
}
