package io.magicapi.gateway.upstream;

import io.magicapi.gateway.loop.Connections;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpClientConnectionInternal;
import org.jspecify.annotations.Nullable;

/**
 * Watches one HTTP/1.1 connection to an upstream, on its event loop, for two things that the HTTP client does not tell.
 *
 * <p><b>Bytes that nobody asked for.</b> HTTP/1.1 has no way to say which request an answer belongs to, so what is left
 * over of one would be read as the beginning of the next, which is another client's. A connection is closed as soon as
 * anything comes while no request is under way, be it in the same packet as the end of an answer or later. (What comes
 * after the next request was sent is indistinguishable from its answer.)
 *
 * <p><b>Whether anything of an answer has come</b>, half a head included: if it has, the request must not be sent again.
 *
 * <p>It sits on both sides of the HTTP decoder, since bytes are seen before it and the end of an answer after it.
 */
final class AnswerWatch extends ChannelDuplexHandler {

    /** What the HTTP client calls its decoder. HTTP/2 connections have none of this name, and need no watch. */
    private static final String DECODER = "codec";

    private boolean underWay;
    private boolean begun;

    /** What the decoder is reading just now. */
    private @Nullable ByteBuf current;

    private boolean leftover;

    private AnswerWatch() {}

    /** Watches a connection that has just been opened. */
    static void over(HttpConnection connection) {
        connection.exceptionHandler(failure -> {}); // its request is told, too; without a handler it is an error to log
        Connections.noticeResets(connection);
        ChannelPipeline pipeline = pipeline(connection);
        if (pipeline != null && pipeline.get(DECODER) != null) {
            AnswerWatch watch = new AnswerWatch();
            pipeline.addBefore(DECODER, null, watch);
            pipeline.addAfter(DECODER, null, watch.new Ends());
        }
    }

    /** {@return whether a byte has come since the last request was sent on a connection; true if that is not known} */
    static boolean hasBegun(HttpConnection connection) {
        ChannelPipeline pipeline = pipeline(connection);
        AnswerWatch watch = pipeline == null ? null : pipeline.get(AnswerWatch.class);
        return watch == null || watch.begun;
    }

    private static @Nullable ChannelPipeline pipeline(HttpConnection connection) {
        return connection instanceof HttpClientConnectionInternal internal
                ? internal.channelHandlerContext().pipeline()
                : null;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (!underWay) {
            underWay = true;
            begun = false;
        }
        context.write(message, promise);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            context.fireChannelRead(message);
            return;
        }
        if (!underWay) {
            ReferenceCountUtil.release(message);
            context.close();
            return;
        }
        begun = true;
        current = bytes.retain();
        try {
            context.fireChannelRead(message);
            if (leftover) {
                context.close();
            }
        } finally {
            current = null;
            bytes.release();
        }
    }

    /** Sees the ends of answers. */
    private final class Ends extends ChannelInboundHandlerAdapter {

        private boolean interim;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpResponse head) {
                interim = head.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            }
            if (message instanceof LastHttpContent && !interim) {
                underWay = false;
                // The decoder tells of the end before it reads on.
                leftover |= current != null && current.isReadable();
            }
            context.fireChannelRead(message);
        }
    }
}
