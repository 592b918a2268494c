package io.magicapi.gateway.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client that sends what it is told, and reads whatever comes. */
final class RawClient implements AutoCloseable {

    static final String POST = """
            POST /v1/chat/completions HTTP/1.1\r
            Host: fake\r
            Content-Length: 2\r
            \r
            {}""";

    private final Socket socket;

    RawClient(FakeUpstream upstream) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), upstream.port());
        socket.setSoTimeout(10_000);
    }

    RawClient send(String latin1) throws IOException {
        socket.getOutputStream().write(latin1.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    /** {@return what comes until the text has come; or less, if the connection ends before} */
    String readUntil(String end) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        int next = socket.getInputStream().read();
        while (next >= 0) {
            read.write(next);
            if (next == end.charAt(end.length() - 1)
                    && read.toString(StandardCharsets.ISO_8859_1).endsWith(end)) {
                break;
            }
            next = socket.getInputStream().read();
        }
        return read.toString(StandardCharsets.ISO_8859_1);
    }

    /** {@return what comes until the orderly end of the connection} */
    byte[] readToEnd() throws IOException {
        return socket.getInputStream().readAllBytes();
    }

    Socket socket() {
        return socket;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
