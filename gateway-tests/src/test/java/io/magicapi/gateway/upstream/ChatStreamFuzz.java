package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.UsagePointers;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.List;

/** However a stream is cut into chunks, the same bytes leave; and nothing but the documented failure is thrown. */
public final class ChatStreamFuzz {

    private ChatStreamFuzz() {}

    /** The first byte seeds the cuts, the rest is the stream. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] stream = Arrays.copyOfRange(input, 1, input.length);
        String whole = scan(stream, stream.length + 1);
        String cut = scan(stream, 1 + (input[0] & 0x1f));
        if (!whole.equals(cut)) {
            throw new AssertionError("cutting changed the stream from\n" + whole + "\nto\n" + cut);
        }
    }

    private static String scan(byte[] stream, int size) {
        ChatStreamScanner scanner =
                new ChatStreamScanner(UsagePointers.of(List.of("/x_groq/usage", "/usage")), 1 << 20);
        Buffer out = Buffer.buffer();
        try {
            for (int from = 0; from < stream.length; from += size) {
                int to = Math.min(stream.length, from + size);
                out.appendBuffer(scanner.scan(Buffer.buffer(Arrays.copyOfRange(stream, from, to))));
            }
            out.appendBuffer(scanner.end());
        } catch (GatewayException tooLong) {
            return "too long";
        }
        return out.toString("ISO-8859-1") + "|" + scanner.done() + scanner.failed() + scanner.malformed()
                + scanner.finished() + scanner.empty() + scanner.usage();
    }
}
