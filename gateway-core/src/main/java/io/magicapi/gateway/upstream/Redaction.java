package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Secret;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Takes a key out of what an upstream says of an error: some quote the request, and the key may be the operator's. */
final class Redaction {

    private static final byte[] MASK = "***".getBytes(StandardCharsets.US_ASCII);

    private Redaction() {}

    /** {@return the text without the key; the very same object if the key is not in it} */
    static Buffer without(Optional<Secret> key, Buffer text) {
        if (key.isEmpty() || text.length() == 0) {
            return text;
        }
        byte[] secret = key.get().reveal().getBytes(StandardCharsets.ISO_8859_1);
        byte[] bytes = text.getBytes();
        int found = indexOf(bytes, secret, 0);
        if (found < 0) {
            return text;
        }
        Buffer clean = Buffer.buffer(bytes.length);
        int from = 0;
        for (; found >= 0; found = indexOf(bytes, secret, from)) {
            clean.appendBytes(bytes, from, found - from).appendBytes(MASK);
            from = found + secret.length;
        }
        return clean.appendBytes(bytes, from, bytes.length - from);
    }

    private static int indexOf(byte[] bytes, byte[] wanted, int from) {
        for (int i = from; i <= bytes.length - wanted.length; i++) {
            int k = 0;
            while (k < wanted.length && bytes[i + k] == wanted[k]) {
                k++;
            }
            if (k == wanted.length) {
                return i;
            }
        }
        return -1;
    }
}
