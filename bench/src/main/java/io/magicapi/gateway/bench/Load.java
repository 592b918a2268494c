package io.magicapi.gateway.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Sends requests over a number of connections and takes the answers. One thread does it, that of {@code group}; whoever
 * calls waits, or looks at the {@linkplain #seen figures} between two points of time.
 *
 * <p>{@linkplain #closed Closed}: each connection sends its next request when its answer has come, which finds how much
 * can be done at all. {@linkplain #open Open}: requests are due at fixed times, whether or not earlier ones were
 * answered, and their latency counts from then: a server that stalls does not thereby escape the requests it would have
 * been late for.
 */
final class Load implements AutoCloseable {

    private static final long LONGEST = TimeUnit.SECONDS.toNanos(60);

    private final EventLoopGroup group;
    private final Target target;
    private final boolean stamped;
    private final ByteBuf request;
    private final List<Connection> connections = new ArrayList<>();

    /** Of an open load: connections without a request under way, and when requests were due that wait for one. */
    private final Deque<Connection> idle = new ArrayDeque<>();

    private final Deque<Long> waiting = new ArrayDeque<>();
    private boolean isOpen;
    private long interval;
    private long nextDue;
    private boolean stopped;
    private Seen seen = new Seen();

    /**
     * What was seen from one point of time to another.
     *
     * @param latency from when a request was due to the last byte of its answer, in nanoseconds
     * @param firstByte from when a request was due to the first byte of its answer, in nanoseconds
     * @param events from when an event was due to its arrival, in nanoseconds
     */
    record Figures(long answers, long failures, long bytes, Histogram latency, Histogram firstByte, Histogram events) {}

    private static final class Seen {
        private long answers;
        private long failures;
        private long bytes;
        private final Histogram latency = histogram();
        private final Histogram firstByte = histogram();
        private final Histogram events = histogram();

        private static Histogram histogram() {
            return new Histogram(LONGEST, 3);
        }
    }

    private Load(EventLoopGroup group, Target target, boolean stamped) {
        this.group = group;
        this.target = target;
        this.stamped = stamped;
        this.request = Unpooled.directBuffer(target.request().length).writeBytes(target.request());
    }

    /**
     * Begins a closed load.
     *
     * @param group of one thread
     * @param stamped whether to look for {@link Stamp}s in the answers
     * @param over the connections are opened one after the other, spread over this time
     */
    static Load closed(EventLoopGroup group, Target target, int connections, boolean stamped, Duration over) {
        Load load = new Load(group, target, stamped);
        load.connect(connections, over);
        return load;
    }

    /** Begins an open load of so many requests a second. */
    static Load open(EventLoopGroup group, Target target, int connections, int rate) {
        Load load = new Load(group, target, false);
        load.isOpen = true;
        load.interval = TimeUnit.SECONDS.toNanos(1) / rate;
        load.connect(connections, Duration.ZERO);
        load.onLoop(() -> {
            load.nextDue = System.nanoTime();
            load.sendDue();
            return true;
        });
        return load;
    }

    /** {@return what was seen since the last call, or since the beginning} */
    Figures seen() {
        return onLoop(() -> {
            Seen until = seen;
            seen = new Seen();
            return new Figures(
                    until.answers, until.failures, until.bytes, until.latency, until.firstByte, until.events);
        });
    }

    /** Waits, and forgets what was seen meanwhile. */
    void warmUp(Duration duration) {
        Timing.sleep(duration);
        seen();
    }

    private Bootstrap bootstrap() {
        return new Bootstrap()
                .group(group)
                .channel(Transports.client())
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(new Connection(channel));
                    }
                });
    }

    private void connect(int number, Duration over) {
        Bootstrap bootstrap = bootstrap();
        Duration pause = over.dividedBy(number);
        for (int i = 0; i < number; i++) {
            bootstrap.connect(target.address()).syncUninterruptibly();
            Timing.sleep(pause);
        }
    }

    private <T> T onLoop(Callable<T> task) {
        return group.next().submit(task).syncUninterruptibly().getNow();
    }

    private void sendDue() {
        if (stopped) {
            return;
        }
        long now = System.nanoTime();
        while (nextDue <= now) {
            Connection free = idle.pollFirst();
            if (free == null) {
                waiting.add(nextDue);
            } else {
                free.send(nextDue);
            }
            nextDue += interval;
        }
        group.next().schedule(this::sendDue, Math.max(0, nextDue - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    /** Closes all connections. */
    @Override
    public void close() {
        List<Connection> all = onLoop(() -> {
            stopped = true;
            return List.copyOf(connections);
        });
        all.forEach(connection -> connection.channel.close().syncUninterruptibly());
        onLoop(request::release);
    }

    private final class Connection extends ChannelInboundHandlerAdapter {

        private final Channel channel;
        private final AnswerReader reader = new AnswerReader(stamped ? this::event : null);
        private long due;
        private boolean begun;

        Connection(Channel channel) {
            this.channel = channel;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            connections.add(this);
            next();
        }

        private void next() {
            if (stopped) {
                return;
            }
            if (!isOpen) {
                send(System.nanoTime());
                return;
            }
            Long late = waiting.pollFirst();
            if (late == null) {
                idle.addFirst(this);
            } else {
                send(late);
            }
        }

        private void send(long at) {
            due = at;
            begun = false;
            channel.writeAndFlush(request.retainedDuplicate(), channel.voidPromise());
        }

        private void event(long at) {
            seen.events.recordValue(clamp(System.nanoTime() - at));
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            try {
                seen.bytes += bytes.readableBytes();
                if (!begun) {
                    begun = true;
                    seen.firstByte.recordValue(clamp(System.nanoTime() - due));
                }
                if (reader.read(bytes)) {
                    seen.latency.recordValue(clamp(System.nanoTime() - due));
                    if (reader.status() == 200) {
                        seen.answers++;
                    } else {
                        seen.failures++;
                    }
                    if (!reader.closes()) {
                        next();
                    }
                }
            } finally {
                bytes.release();
            }
        }

        private long clamp(long nanos) {
            return Math.max(0, Math.min(nanos, LONGEST));
        }

        /** A server may close a connection after an answer; it is replaced. */
        @Override
        public void channelInactive(ChannelHandlerContext context) {
            connections.remove(this);
            idle.remove(this);
            if (stopped) {
                return;
            }
            if (!reader.closes()) {
                seen.failures++;
            }
            bootstrap().connect(target.address());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
