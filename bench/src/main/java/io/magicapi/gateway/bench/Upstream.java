package io.magicapi.gateway.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The provider that all are measured in front of: it reads as little of a request as it can, and answers with bytes made
 * beforehand, as the request's {@link Script} says. One thread serves it.
 */
final class Upstream {

    private static final byte[] PLAIN = Templates.plain();
    private static final byte[] MODELS = Templates.models();
    private static final Map<Script.Form, Templates.Stream> STREAMS = streams();

    private Upstream() {}

    private static Map<Script.Form, Templates.Stream> streams() {
        Map<Script.Form, Templates.Stream> streams = new EnumMap<>(Script.Form.class);
        for (Script.Form form : Script.Form.values()) {
            if (form != Script.Form.PLAIN) {
                streams.put(form, Templates.stream(form));
            }
        }
        return streams;
    }

    /** Serves on a port of the loopback interface until the process is ended. */
    static void serve(int port) throws InterruptedException {
        EventLoopGroup group = Transports.group(1);
        new ServerBootstrap()
                .group(group)
                .channel(Transports.server())
                .option(ChannelOption.SO_BACKLOG, 4096)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(new Connection());
                    }
                })
                .bind("127.0.0.1", port)
                .sync()
                .channel()
                .closeFuture()
                .sync();
    }

    /** One connection: requests one after the other, each answered when its last byte has come. */
    private static final class Connection extends ChannelInboundHandlerAdapter {

        private final RequestHead head = new RequestHead();
        private long missing;
        private Script script = Script.PLAIN;
        private int left;
        private long due;
        private Templates.@Nullable Stream stream;
        private @Nullable ScheduledFuture<?> ticking;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            try {
                while (bytes.isReadable()) {
                    if (missing == 0) {
                        if (!head.read(bytes)) {
                            return;
                        }
                        missing = head.contentLength();
                        script = head.script();
                    }
                    int taken = (int) Math.min(missing, bytes.readableBytes());
                    bytes.skipBytes(taken);
                    missing -= taken;
                    if (missing == 0) {
                        answer(context);
                    }
                }
            } finally {
                bytes.release();
            }
        }

        private void answer(ChannelHandlerContext context) {
            if (script.form() == Script.Form.PLAIN) {
                context.writeAndFlush(Unpooled.wrappedBuffer(head.isGet() ? MODELS : PLAIN), context.voidPromise());
                return;
            }
            Templates.Stream begun = STREAMS.get(script.form());
            if (begun == null) {
                throw new IllegalStateException("no stream for " + script);
            }
            stream = begun;
            left = script.events();
            context.writeAndFlush(Unpooled.wrappedBuffer(begun.head(), begun.begin()), context.voidPromise());
            if (script.gap().isZero()) {
                flood(context);
            } else {
                long gap = script.gap().toNanos();
                due = System.nanoTime() + gap;
                ticking = context.executor()
                        .scheduleAtFixedRate(() -> tick(context, gap), gap, gap, TimeUnit.NANOSECONDS);
            }
        }

        private void tick(ChannelHandlerContext context, long gap) {
            if (left > 0) {
                event(context, due);
                due += gap;
            } else {
                stopTicking();
                end(context);
            }
        }

        private void stopTicking() {
            if (ticking != null) {
                ticking.cancel(false);
                ticking = null;
            }
        }

        /** Each event is a write of its own, as with real upstreams. */
        private void flood(ChannelHandlerContext context) {
            while (left > 0 && context.channel().isWritable()) {
                event(context, System.nanoTime());
            }
            if (left == 0) {
                end(context);
            }
        }

        private void event(ChannelHandlerContext context, long at) {
            Templates.Stream running = stream;
            if (running == null) {
                return;
            }
            left--;
            ByteBuf event = context.alloc().directBuffer(running.event().length).writeBytes(running.event());
            if (running.stamp() >= 0) {
                Stamp.write(event, running.stamp(), at);
            }
            context.writeAndFlush(event, context.voidPromise());
        }

        private void end(ChannelHandlerContext context) {
            Templates.Stream ended = stream;
            stream = null;
            if (ended != null) {
                context.writeAndFlush(Unpooled.wrappedBuffer(ended.end()), context.voidPromise());
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            if (stream != null && script.gap().isZero()) {
                flood(context);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            stopTicking();
            stream = null;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close(); // whoever is measured has ended the connection
        }
    }
}
