package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.GatewayExtension;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Many connections to a gateway that all do the same, on the thread of the test. */
final class Crowd implements AutoCloseable {

    private static final int KEPT = 4096;

    /** One of them. */
    private static final class Member {
        private final SocketChannel channel;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private Duration closedAfter = Duration.ZERO;
        private boolean closed;

        private Member(SocketChannel channel) {
            this.channel = channel;
        }
    }

    private final Selector selector;
    private final List<Member> members = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
    private final long begin = System.nanoTime();

    /** Connects so many clients with small receive buffers. */
    Crowd(GatewayExtension gateway, int size) {
        try {
            selector = Selector.open();
            for (int i = 0; i < size; i++) {
                SocketChannel channel = SocketChannel.open();
                channel.setOption(StandardSocketOptions.SO_RCVBUF, 16 * 1024);
                channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
                channel.configureBlocking(false);
                Member member = new Member(channel);
                channel.register(selector, SelectionKey.OP_READ, member);
                members.add(member);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a text from each client that is still connected, as far as the system takes it. {@return this} */
    Crowd send(String latin1) {
        byte[] bytes = latin1.getBytes(StandardCharsets.ISO_8859_1);
        for (Member member : members) {
            if (!member.closed) {
                try {
                    member.channel.write(ByteBuffer.wrap(bytes));
                } catch (IOException broken) {
                    closed(member);
                }
            }
        }
        return this;
    }

    /** Reads what comes, until all connections have been closed by the gateway. {@return how long each was open} */
    List<Duration> awaitClosed(Duration patience) {
        return awaitClosed(patience, patience, () -> {});
    }

    /**
     * The same, and does something again and again meanwhile.
     *
     * @param pause from one time to the next
     */
    List<Duration> awaitClosed(Duration patience, Duration pause, Runnable meanwhile) {
        long end = System.nanoTime() + patience.toNanos();
        long next = System.nanoTime();
        while (open() > 0 && System.nanoTime() < end) {
            if (System.nanoTime() >= next) {
                meanwhile.run();
                next += pause.toNanos();
            }
            read(Math.max(
                    1, Duration.ofNanos(Math.min(next, end) - System.nanoTime()).toMillis()));
        }
        assertThat(open())
                .as("connections that are still open after %s", patience)
                .isZero();
        return members.stream().map(member -> member.closedAfter).toList();
    }

    /** Reads until each client has got a text. */
    void awaitEach(String text, Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() < end
                && !members.stream().allMatch(member -> text(member).contains(text))) {
            read(50);
        }
        assertThat(received()).allSatisfy(got -> assertThat(got).contains(text));
    }

    private void read(long millis) {
        try {
            selector.select(
                    key -> {
                        Member member = (Member) key.attachment();
                        try {
                            buffer.clear();
                            int read = member.channel.read(buffer);
                            if (read < 0) {
                                closed(member);
                            } else if (member.received.size() < KEPT) {
                                member.received.write(buffer.array(), 0, Math.min(read, KEPT));
                            }
                        } catch (IOException reset) {
                            closed(member);
                        }
                    },
                    millis);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void closed(Member member) {
        if (!member.closed) {
            member.closed = true;
            member.closedAfter = Duration.ofNanos(System.nanoTime() - begin);
            try {
                member.channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private int open() {
        return (int) members.stream().filter(member -> !member.closed).count();
    }

    /** {@return the beginning of what each has got} */
    List<String> received() {
        return members.stream().map(Crowd::text).toList();
    }

    private static String text(Member member) {
        return member.received.toString(StandardCharsets.UTF_8);
    }

    /** {@return how many connections a port has accepted that are still open, as the system sees it} */
    static long connectionsAt(int port) {
        String local = String.format(":%04X", port);
        long count = 0;
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            try {
                count += Files.readAllLines(Path.of(table)).stream()
                        .map(line -> line.strip().split("\\s+"))
                        .filter(fields -> fields[1].endsWith(local))
                        // Open, or waiting for the gateway to close its half.
                        .filter(fields -> fields[3].equals("01") || fields[3].equals("08"))
                        .count();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return count;
    }

    @Override
    public void close() {
        members.forEach(this::closed);
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
