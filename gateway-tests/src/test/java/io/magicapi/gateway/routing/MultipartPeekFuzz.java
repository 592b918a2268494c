package io.magicapi.gateway.routing;

import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/** However an upload is cut into chunks, the same model is found at the same place. */
public final class MultipartPeekFuzz {

    private MultipartPeekFuzz() {}

    /** The first byte seeds the cuts, the rest is the body, its boundary {@code B}. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] body = Arrays.copyOfRange(input, 1, input.length);
        String whole = peek(body, body.length + 1);
        String cut = peek(body, 1 + (input[0] & 0x1f));
        if (!whole.equals(cut)) {
            throw new AssertionError("cutting changed what was found from " + whole + " to " + cut);
        }
        MultipartPeek.boundary(new String(body, java.nio.charset.StandardCharsets.ISO_8859_1));
    }

    private static String peek(byte[] body, int size) {
        MultipartPeek peek = new MultipartPeek("B");
        for (int from = 0; from < body.length; from += size) {
            peek.feed(Buffer.buffer(Arrays.copyOfRange(body, from, Math.min(body.length, from + size))));
        }
        String found = peek.found() ? peek.model() + "@" + peek.modelStart() + "-" + peek.modelEnd() : "none";
        return found + peek.ended() + peek.malformed() + peek.stream();
    }
}
