package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameDecoder;
import io.magicapi.gateway.api.ProviderException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Takes an event stream apart, as the WHATWG HTML standard has it (9.2.6), for plugins that translate events: lines end
 * with LF, CRLF or CR, an event with a blank line; an event without data is none; one that is incomplete when the stream
 * ends is discarded. Ids and retry times mean nothing here. One instance per answer, one thread.
 *
 * <p>Streams that are relayed as they are go through {@link ChatStreamScanner} instead, which looks and does not decode.
 */
final class EventDecoder implements FrameDecoder {

    private final int maxEvent;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(512);
    private final ByteArrayOutputStream data = new ByteArrayOutputStream(512);
    private String name = "";
    private boolean hasData;
    private boolean begun;
    private boolean afterReturn;

    /**
     * A decoder at the start of a stream.
     *
     * @param maxEvent how many bytes a line, or the data of an event, may have
     */
    EventDecoder(int maxEvent) {
        this.maxEvent = maxEvent;
    }

    @Override
    public void feed(ByteBuffer bytes, Consumer<Frame> frames) {
        byte[] array = new byte[bytes.remaining()];
        bytes.get(array);
        int start = 0;
        for (int i = 0; i < array.length; i++) {
            byte b = array[i];
            if (b == '\n' && afterReturn) {
                start = i + 1;
            } else if (b == '\n' || b == '\r') {
                hold(line, array, start, i);
                endLine(frames);
                start = i + 1;
            }
            afterReturn = b == '\r';
        }
        hold(line, array, start, array.length);
    }

    @Override
    public void end(Consumer<Frame> frames) {
        line.reset();
        data.reset();
    }

    private void hold(ByteArrayOutputStream held, byte[] array, int from, int to) {
        if (held.size() + (to - from) > maxEvent) {
            throw new ProviderException(
                    ProviderException.Kind.BAD_ANSWER,
                    "the upstream sent an event of more than " + maxEvent + " bytes, which is the limit");
        }
        held.write(array, from, to - from);
    }

    private void endLine(Consumer<Frame> frames) {
        byte[] text = line.toByteArray();
        line.reset();
        int from = 0;
        if (!begun) {
            begun = true;
            from = EventLines.startsWithByteOrderMark(text, 0, text.length) ? 3 : 0;
        }
        if (from == text.length) {
            endEvent(frames);
        } else if (EventLines.isField(EventLines.DATA, text, from, text.length)) {
            if (hasData) {
                data.write('\n');
            }
            hasData = true;
            hold(data, text, value(text, from + EventLines.DATA.length), text.length);
        } else if (EventLines.isField(EventLines.EVENT, text, from, text.length)) {
            int value = value(text, from + EventLines.EVENT.length);
            name = new String(text, value, text.length - value, StandardCharsets.UTF_8);
        }
    }

    /** {@return where the value begins of a field whose name ends at {@code colon}} */
    private static int value(byte[] text, int colon) {
        int value = Math.min(colon + 1, text.length);
        return value < text.length && text[value] == ' ' ? value + 1 : value;
    }

    private void endEvent(Consumer<Frame> frames) {
        byte[] whole = data.toByteArray();
        String kind = name;
        boolean complete = hasData;
        data.reset();
        name = "";
        hasData = false;
        if (complete) {
            frames.accept(Frame.of(kind, whole));
        }
    }
}
