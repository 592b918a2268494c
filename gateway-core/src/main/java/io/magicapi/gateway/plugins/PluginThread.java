package io.magicapi.gateway.plugins;

import java.lang.reflect.InvocationTargetException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Runs plugin code that may block, throw anything or never return, on a daemon thread of its own whose context class
 * loader is the plugin's. What it throws is told as text, on that thread: a kept exception would pin the class loader.
 */
final class PluginThread {

    private static final Duration LAST_CHANCE = Duration.ofMillis(500);
    private static final int LONGEST_MESSAGE = 300;

    /** The plugin threw, or did not return; the message is one line for people. */
    static final class Failure extends Exception {

        private static final long serialVersionUID = 1L;

        Failure(String message) {
            super(message, null, false, false);
        }

        String text() {
            return String.valueOf(getMessage());
        }
    }

    private PluginThread() {}

    /**
     * Runs {@code task} and waits for it.
     *
     * @param owned which classes are the plugin's, to point at the line at fault
     * @return what the task returned; it must not be null
     * @throws Refusal if the task threw one
     * @throws Failure if the task threw anything else or was not done by the deadline; it is then interrupted, and if it
     *     ignores that, its thread is left to itself
     */
    static <T> T run(
            String name, @Nullable ClassLoader context, Duration deadline, Predicate<String> owned, Callable<T> task)
            throws Refusal, Failure {
        Outcome<T> outcome = new Outcome<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        outcome.value = task.call();
                    } catch (Refusal e) {
                        outcome.refusal = e;
                    } catch (Throwable e) { // errors included: a plugin's StackOverflowError is its own affair
                        outcome.failure = describe(e, owned);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.setContextClassLoader(context);
        thread.start();
        if (!ends(thread, deadline)) {
            String where = frame(thread.getStackTrace(), owned)
                    .map(line -> " (now at " + line + ")")
                    .orElse("");
            thread.interrupt();
            boolean ended = ends(thread, LAST_CHANCE);
            throw new Failure("not done after " + seconds(deadline) + where
                    + (ended ? "" : "; it ignores interrupts, so its thread stays behind"));
        }
        if (outcome.refusal != null) {
            throw outcome.refusal;
        }
        if (outcome.failure != null) {
            throw new Failure(outcome.failure);
        }
        return Objects.requireNonNull(outcome.value);
    }

    /** Written by the task's thread, read after it ended. */
    private static final class Outcome<T> {
        private @Nullable T value;
        private @Nullable Refusal refusal;
        private @Nullable String failure;
    }

    private static boolean ends(Thread thread, Duration patience) {
        try {
            thread.join(Math.max(1, patience.toMillis()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }

    private static String seconds(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }

    /** {@return an exception as one line: {@code IllegalStateException: boom (AcmeProvider.java:21)}} */
    static String describe(Throwable thrown, Predicate<String> owned) {
        Throwable cause = thrown;
        while ((cause instanceof InvocationTargetException || cause instanceof ExceptionInInitializerError)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message;
        try {
            message = Optional.ofNullable(cause.getMessage())
                    .map(text -> ": " + text)
                    .orElse("");
        } catch (Throwable e) { // getMessage is plugin code as well
            message = "";
        }
        if (message.length() > LONGEST_MESSAGE) {
            message = message.substring(0, LONGEST_MESSAGE) + "…";
        }
        return cause.getClass().getSimpleName()
                + message.replaceAll("\\p{Cntrl}+", " ")
                + frame(cause.getStackTrace(), owned)
                        .map(line -> " (" + line + ")")
                        .orElse("");
    }

    private static Optional<String> frame(StackTraceElement[] stack, Predicate<String> owned) {
        for (StackTraceElement element : stack) {
            if (owned.test(element.getClassName())) {
                return Optional.of(element.getFileName() + ":" + element.getLineNumber());
            }
        }
        return Optional.empty();
    }
}
