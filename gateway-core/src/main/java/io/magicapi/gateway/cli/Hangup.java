package io.magicapi.gateway.cli;

import sun.misc.Signal;

/**
 * The signal HUP, which asks servers for their configuration to be read again. Without this it would end the process.
 *
 * <p>Java has no supported way to be told of signals. {@code sun.misc.Signal} has been there in all versions, in a module
 * that exists for such uses (jdk.unsupported); no other class touches it.
 */
final class Hangup {

    private Hangup() {}

    /** Has this called at each HUP, on a thread of its own. {@return whether this system has such a signal} */
    static boolean calls(Runnable then) {
        try {
            Signal.handle(new Signal("HUP"), signal -> then.run());
            return true;
        } catch (IllegalArgumentException e) { // Windows; or a JVM that was told to leave signals alone (-Xrs)
            return false;
        }
    }
}
