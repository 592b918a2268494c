package io.magicapi.gateway.http;

import java.util.concurrent.ThreadLocalRandom;

/** Makes ids under which requests are logged and answered. Unique for practical purposes, and not secret. */
final class RequestIds {

    private static final char[] DIGITS = "0123456789abcdef".toCharArray();

    private RequestIds() {}

    /** {@return an id such as {@code req_3f0c…}, 36 characters long} */
    static String next() {
        char[] id = new char[36];
        "req_".getChars(0, 4, id, 0);
        ThreadLocalRandom random = ThreadLocalRandom.current();
        for (int half = 0; half < 2; half++) {
            long bits = random.nextLong();
            for (int i = 0; i < 16; i++) {
                id[4 + half * 16 + i] = DIGITS[(int) (bits & 15)];
                bits >>>= 4;
            }
        }
        return new String(id);
    }
}
