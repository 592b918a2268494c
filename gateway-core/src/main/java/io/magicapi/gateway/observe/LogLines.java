package io.magicapi.gateway.observe;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;

/** What the two kinds of log lines share. */
abstract class LogLines extends EncoderBase<ILoggingEvent> {

    private static final byte[] NOTHING = {};

    private final boolean stackTraces;

    LogLines(boolean stackTraces) {
        this.stackTraces = stackTraces;
    }

    /** {@return an exception in one line, from outside to root cause} */
    static String brief(IThrowableProxy failure) {
        StringBuilder text = new StringBuilder();
        IThrowableProxy each = failure;
        for (int depth = 0; each != null && depth < 5; depth++) {
            if (depth > 0) {
                text.append(", caused by ");
            }
            text.append(each.getClassName());
            if (each.getMessage() != null) {
                text.append(": ").append(each.getMessage());
            }
            each = each.getCause();
        }
        return Redaction.mask(text.toString());
    }

    /** {@return the stack trace, or nothing below debug} */
    String stackTrace(IThrowableProxy failure) {
        return stackTraces ? Redaction.mask(ThrowableProxyUtil.asString(failure)) : "";
    }

    @Override
    public byte[] headerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] footerBytes() {
        return NOTHING;
    }
}
