package io.magicapi.gateway.tests;

import io.magicapi.gateway.testkit.GatewayExtension;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A connection to the gateway on a plain socket, which sends whatever it is told and reads answers one by one. All
 * reading is bounded in time.
 */
final class RawConnection implements Closeable {

    private static final int PATIENCE_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;

    private RawConnection(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
    }

    static RawConnection to(GatewayExtension gateway) {
        try {
            return new RawConnection(new Socket(InetAddress.getLoopbackAddress(), gateway.port()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the answer to one request on a connection of its own} */
    static RawReply ask(GatewayExtension gateway, RawRequest request) {
        try (RawConnection connection = to(gateway)) {
            return connection.send(request).read();
        }
    }

    RawConnection send(RawRequest request) {
        return send(request.bytes());
    }

    /** Sends these characters as bytes, one each. */
    RawConnection send(String latin1) {
        return send(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawConnection send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the next answer; an interim one, 100, counts} */
    RawReply read() {
        return readUnlessClosed().orElseThrow(() -> new AssertionError("closed without an answer"));
    }

    /** {@return the next answer; empty if the connection was ended instead} */
    Optional<RawReply> readUnlessClosed() {
        try {
            String statusLine = line();
            if (statusLine.isEmpty()) {
                return Optional.empty();
            }
            List<String> headers = new ArrayList<>();
            for (String header = line(); !header.isEmpty(); header = line()) {
                headers.add(header);
            }
            int status = Integer.parseInt(statusLine.split(" ", 3)[1]);
            RawReply head = new RawReply(status, List.copyOf(headers), new byte[0], true);
            return Optional.of(status < 200 || status == 204 ? head : withBody(head));
        } catch (SocketException reset) {
            return Optional.empty();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("nothing came within " + PATIENCE_MILLIS + " ms", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private RawReply withBody(RawReply head) throws IOException {
        Optional<String> length = head.header("content-length");
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        boolean whole = true;
        if (length.isPresent()) {
            byte[] bytes = in.readNBytes(Integer.parseInt(length.get()));
            body.writeBytes(bytes);
            whole = bytes.length == Integer.parseInt(length.get());
        } else if (head.header("transfer-encoding").isPresent()) {
            whole = chunks(body);
        } else {
            body.writeBytes(in.readAllBytes());
        }
        return new RawReply(head.status(), head.headers(), body.toByteArray(), whole);
    }

    private boolean chunks(ByteArrayOutputStream body) throws IOException {
        while (true) {
            String size = line();
            if (size.isEmpty()) {
                return false;
            }
            int expected = Integer.parseInt(size, 16);
            byte[] chunk = in.readNBytes(expected);
            body.writeBytes(chunk);
            if (chunk.length < expected || !line().isEmpty()) {
                return false;
            }
            if (expected == 0) {
                return true;
            }
        }
    }

    /** {@return the next line without its end; empty at the end of the connection} */
    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
            line.write(b);
        }
        return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }

    /** Reads and drops what still comes. {@return whether the gateway ended the connection, in whatever way} */
    boolean isEndedByGateway() {
        try {
            in.transferTo(java.io.OutputStream.nullOutputStream());
            return true;
        } catch (SocketTimeoutException open) {
            return false;
        } catch (EOFException | SocketException ended) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
