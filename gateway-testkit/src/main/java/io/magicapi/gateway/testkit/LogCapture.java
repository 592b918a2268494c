package io.magicapi.gateway.testkit;

import ch.qos.logback.classic.Level;
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

/** Collects what one logger and those below it log while it is open: messages, pairs, and exceptions with their causes. */
final class LogCapture extends AppenderBase<ILoggingEvent> implements AutoCloseable {

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger logger;
    private final Level before;

    private LogCapture(Logger logger, Level level) {
        this.logger = logger;
        this.before = logger.getLevel();
        setContext(logger.getLoggerContext());
        start();
        logger.setLevel(level);
        logger.addAppender(this);
    }

    /**
     * {@return a capture from this level on}
     *
     * <p>Aborts the test if the class path has another logging library than the gateway's.
     */
    static LogCapture of(String logger, Level level) {
        if (LoggerFactory.getLogger(logger) instanceof Logger logback) {
            return new LogCapture(logback, level);
        }
        return Assumptions.abort("logs can be read only with Logback, which comes with gateway-core");
    }

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
        lines.add(line.toString());
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public void close() {
        logger.detachAppender(this);
        logger.setLevel(before);
        stop();
    }
}
