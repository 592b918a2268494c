package io.magicapi.gateway.testkit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;
import org.slf4j.event.Level;

/**
 * Collects what one logger and those below it log while it is open: messages, key-value pairs, and exceptions with
 * their causes. Any thread may log and read meanwhile.
 */
public final class LogCapture implements AutoCloseable {

    private final Logger logger;
    private final ch.qos.logback.classic.Level before;
    private final Lines lines = new Lines();

    private final boolean wasAdditive;

    private LogCapture(Logger logger, Level level) {
        this.logger = logger;
        this.before = logger.getLevel();
        this.wasAdditive = logger.isAdditive();
        lines.setContext(logger.getLoggerContext());
        lines.start();
        logger.setLevel(ch.qos.logback.classic.Level.convertAnSLF4JLevel(level));
        logger.addAppender(lines);
    }

    /** {@return a capture from level INFO on, as by {@link #of(String, Level)}} */
    public static LogCapture of(String logger) {
        return of(logger, Level.INFO);
    }

    /**
     * Starts to collect. Aborts the test if the class path has another logging library than the gateway's.
     *
     * @param logger its name: a package, a class, or {@code ROOT}
     * @param level from which on the logger logs until the capture is closed
     */
    public static LogCapture of(String logger, Level level) {
        if (LoggerFactory.getLogger(logger) instanceof Logger logback) {
            return new LogCapture(logback, level);
        }
        return Assumptions.abort("logs can be read only with Logback, which comes with gateway-core");
    }

    /** Keeps the logger's lines from going anywhere else until the capture is closed. {@return this} */
    LogCapture alone() {
        logger.setAdditive(false);
        return this;
    }

    /** {@return what was logged so far, the oldest first; a copy} */
    public List<String> lines() {
        return List.copyOf(lines.collected);
    }

    /** Ends the capture, and gives the logger back the level that it had. */
    @Override
    public void close() {
        logger.detachAppender(lines);
        logger.setLevel(before);
        logger.setAdditive(wasAdditive);
        lines.stop();
    }

    private static final class Lines extends AppenderBase<ILoggingEvent> {

        private final List<String> collected = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            StringBuilder line = new StringBuilder(event.getFormattedMessage());
            List<KeyValuePair> pairs = event.getKeyValuePairs();
            if (pairs != null) {
                pairs.forEach(pair -> line.append(' ').append(pair));
            }
            IThrowableProxy thrown = event.getThrowableProxy();
            if (thrown != null) {
                line.append('\n').append(ThrowableProxyUtil.asString(thrown));
            }
            collected.add(line.toString());
        }
    }
}
