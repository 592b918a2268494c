package io.magicapi.gateway.observe;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.Flushable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Sets up logging: lines of text for people, lines of JSON for machines, on one stream.
 *
 * <p>The level is that of the gateway's own loggers. Libraries are heard from warnings upwards only. Whoever wants it
 * different starts the JVM with {@code -Dlogback.configurationFile=FILE}, which leaves everything to that file.
 */
public final class LogSetup {

    /** Names a file of the operator's own, to which everything is left. */
    private static final String OPERATORS_OWN = "logback.configurationFile";

    private static final String DEBUG = "debug";
    private static final String OWN_LOGGERS = "io.magicapi.gateway";

    /**
     * These say ERROR whenever a client or a provider breaks a connection off, which is no error of the gateway's, and
     * which the access line tells better.
     */
    private static final List<String> BROKEN_CONNECTIONS =
            List.of("io.vertx.core.net.impl.ConnectionBase", "io.vertx.core.http.impl.HttpClientResponseImpl");

    /** Of lines that are written together. */
    private static final int BUFFER = 32 * 1024;

    private static final Duration FLUSH = Duration.ofSeconds(2);

    private static volatile @Nullable LogQueue queue;

    private LogSetup() {}

    /**
     * Replaces the logging of this process by one that writes each line before it goes on, for short commands. Call it
     * before anything is logged.
     *
     * @param level {@code error}, {@code warn}, {@code info} or {@code debug}; stack traces appear at {@code debug} only
     * @param json whether lines are JSON objects
     * @param colours whether lines of text are coloured
     * @param out where lines go; stays open
     */
    public static void apply(String level, boolean json, boolean colours, PrintStream out) {
        apply(level, json, colours, out, false);
    }

    /**
     * The same for a process that serves: another thread writes the lines, so that an output that is not read stops no
     * event loop, see {@link LogQueue}. {@link #flush} waits for it.
     */
    public static void applyQueued(String level, boolean json, boolean colours, PrintStream out) {
        apply(level, json, colours, out, true);
    }

    /** Waits until what was logged before is written, for two seconds at most. */
    public static void flush() {
        LogQueue current = queue;
        if (current != null) {
            current.flush(FLUSH);
        }
    }

    /** {@return how many lines were lost because they were not written as fast as they came} */
    public static long dropped() {
        LogQueue current = queue;
        return current == null ? 0 : current.dropped();
    }

    private static void apply(String level, boolean json, boolean colours, PrintStream out, boolean queued) {
        if (System.getProperty(OPERATORS_OWN) != null
                || !(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return;
        }
        context.reset();
        queue = null;
        listenToJdk();
        boolean stackTraces = level.equals(DEBUG);
        Encoder<ILoggingEvent> encoder = json ? new JsonLines(stackTraces) : new TextLines(colours, stackTraces);
        encoder.setContext(context);
        encoder.start();

        OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
        appender.setContext(context);
        appender.setName("out");
        appender.setEncoder(encoder);
        OutputStream lines = queued ? new BufferedOutputStream(new StaysOpen(out), BUFFER) : new StaysOpen(out);
        appender.setOutputStream(lines);
        appender.setImmediateFlush(!queued);
        appender.start();

        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)
                .addAppender(queued ? queue(context, appender, lines) : appender);
        level(context, level);
    }

    private static LogQueue queue(LoggerContext context, Appender<ILoggingEvent> appender, Flushable lines) {
        LogQueue made = new LogQueue(appender, lines);
        made.setContext(context);
        made.setName("queue");
        made.start();
        queue = made;
        return made;
    }

    /** OpenTelemetry and the JDK's own classes log by {@code java.util.logging}. */
    private static void listenToJdk() {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    /**
     * Changes the level of a process whose logging was set up. Whether lines have stack traces stays as it is.
     *
     * @param level as in {@link #apply}
     */
    public static void level(String level) {
        if (System.getProperty(OPERATORS_OWN) == null
                && LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            level(context, level);
        }
    }

    private static void level(LoggerContext context, String level) {
        Level own = Level.toLevel(level, Level.INFO);
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(own == Level.ERROR ? Level.ERROR : Level.WARN);
        context.getLogger(OWN_LOGGERS).setLevel(own);
        BROKEN_CONNECTIONS.forEach(name -> context.getLogger(name).setLevel(own == Level.DEBUG ? null : Level.OFF));
    }

    /** Logback closes what it writes to; standard output is not its to close. */
    private static final class StaysOpen extends FilterOutputStream {

        StaysOpen(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
