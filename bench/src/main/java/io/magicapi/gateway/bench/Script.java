package io.magicapi.gateway.bench;

import java.time.Duration;

/**
 * What the upstream answers to one request, as the request itself says in its header {@value #HEADER}.
 *
 * @param form of the answer
 * @param events how many events a stream has before its end
 * @param gap the time from one event to the next; zero: as fast as they are taken
 */
record Script(Form form, int events, Duration gap) {

    /** The header that carries a script; without it, the answer is {@link #PLAIN}. */
    static final String HEADER = "x-bench";

    static final Script PLAIN = new Script(Form.PLAIN, 0, Duration.ZERO);

    static final Script BEDROCK = new Script(Form.BEDROCK, 1000, Duration.ZERO);

    /** What the answer looks like. */
    enum Form {
        /** A chat completion of 1 KB. */
        PLAIN,
        /** A chat stream. */
        SSE,
        /** A stream of Anthropic's Messages API. */
        ANTHROPIC,
        /** A stream of Bedrock's Converse API. */
        BEDROCK
    }

    /** {@return a chat stream} */
    static Script sse(int events, Duration gap) {
        return new Script(Form.SSE, events, gap);
    }

    /** {@return how long the answer takes, if nothing slows it down} */
    Duration length() {
        return gap.multipliedBy(events);
    }

    /**
     * Reads what {@link #toString} writes.
     *
     * @throws IllegalArgumentException if it is anything else
     */
    static Script parse(String text) {
        String[] parts = text.strip().split(" ", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("a script is FORM EVENTS GAP_MICROS, but was: " + text);
        }
        return new Script(
                Form.valueOf(parts[0]), Integer.parseInt(parts[1]), Duration.ofNanos(Long.parseLong(parts[2]) * 1000));
    }

    @Override
    public String toString() {
        return form + " " + events + " " + gap.toNanos() / 1000;
    }
}
