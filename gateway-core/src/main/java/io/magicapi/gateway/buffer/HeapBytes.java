package io.magicapi.gateway.buffer;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;

/**
 * The bytes of a buffer as an array, shared with the buffer where it has one (all that Vert.x hands out from the
 * network does), copied where it has not. A scan over an array costs a fraction of one through {@link Buffer#getByte}.
 *
 * @param array holds the bytes; read-only, and only as long as the buffer is not changed
 * @param offset where they begin in the array
 * @param length how many there are
 */
@SuppressWarnings("ArrayRecordComponent") // a view that lives for one scan; it is never compared
public record HeapBytes(byte[] array, int offset, int length) {

    /** {@return the bytes of {@code buffer}} */
    public static HeapBytes of(Buffer buffer) {
        ByteBuf bytes = ((BufferInternal) buffer).getByteBuf();
        if (bytes.hasArray()) {
            return new HeapBytes(bytes.array(), bytes.arrayOffset() + bytes.readerIndex(), bytes.readableBytes());
        }
        byte[] copy = buffer.getBytes();
        return new HeapBytes(copy, 0, copy.length);
    }

    /**
     * {@return a buffer of {@code length} bytes of {@code array} from {@code offset}, without copying}
     *
     * @param array belongs to the buffer from now on
     */
    public static Buffer wrap(byte[] array, int offset, int length) {
        return BufferInternal.buffer(Unpooled.wrappedBuffer(array, offset, length));
    }

    /** {@return the index in the array after the last byte} */
    public int end() {
        return offset + length;
    }
}
