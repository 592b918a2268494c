package io.magicapi.gateway.upstream;

import io.magicapi.gateway.config.GatewayConfig.StreamRecovery;

/** How much of a chat stream is held back, so that somebody else can be asked if nothing comes of it. */
enum Holding {
    /** Nothing: it is delivered as it comes. */
    NOTHING,
    /** What comes before the first word. */
    OPENING,
    /** All of it. */
    ANSWER;

    /**
     * {@return what is held of an attempt}
     *
     * @param recovery what the route wants to be done for streams that break off
     * @param hasNext whether there is somebody else to ask
     */
    static Holding of(StreamRecovery recovery, boolean hasNext) {
        return switch (recovery) {
            case HOLD -> ANSWER;
            case NONE, CONTINUE -> hasNext ? OPENING : NOTHING;
        };
    }
}
