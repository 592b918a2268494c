package io.magicapi.gateway.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A client's connection on which what comes back is kept byte for byte, down to the framing: whether an answer ended or
 * was cut is the difference that matters most. Waits ten seconds for each byte at most.
 */
final class AnswerClient implements AutoCloseable {

    /** A key that must never be seen anywhere. */
    static final String KEY = "gsk_canary_0123456789abcdefghijklmnopqrstuvwxyz";

    static final String CHAT = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    static final String STREAM =
            "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    private static final int PATIENCE_MILLIS = 10_000;
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * One answer.
     *
     * @param head status line and headers, as they came
     * @param body without the framing of chunks
     * @param raw all of it, as it came
     * @param whole whether it ended as its framing says, and not just with the connection
     */
    record Reply(String head, byte[] body, byte[] raw, boolean whole) {

        int status() {
            return Integer.parseInt(head.substring(9, 12));
        }

        List<String> headers(String name) {
            List<String> values = new ArrayList<>();
            for (String line : head.split("\r\n", -1)) {
                int colon = line.indexOf(':');
                if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
                    values.add(line.substring(colon + 1).strip());
                }
            }
            return values;
        }

        Optional<String> header(String name) {
            return headers(name).stream().findFirst();
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (IOException e) {
                throw new AssertionError("not JSON: " + this, e);
            }
        }

        /** {@return the {@code error} object} */
        JsonNode error() {
            return json().path("error");
        }

        @Override
        public String toString() {
            return head + text() + (whole ? "<end>" : "<cut>");
        }
    }

    private final Socket socket = new Socket();
    private final InputStream in;
    private ByteArrayOutputStream raw = new ByteArrayOutputStream();
    private int portion = Integer.MAX_VALUE;
    private Runnable afterPortion = () -> {};

    AnswerClient(GatewayExtension gateway) {
        this(gateway, 0);
    }

    /** A connection with a receive buffer of this size, if it is not 0; a small one makes a slow reader soon felt. */
    AnswerClient(GatewayExtension gateway, int receiveBuffer) {
        try {
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
            in = new BufferedInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the answer to one chat request on a connection of its own} */
    static Reply ask(GatewayExtension gateway, String body, String... headers) {
        return ask(gateway, "groq", body, headers);
    }

    /** {@return the answer of some provider to one chat request on a connection of its own} */
    static Reply ask(GatewayExtension gateway, String provider, String body, String[] headers) {
        try (AnswerClient client = new AnswerClient(gateway)) {
            return client.chat(provider, body, headers).read();
        }
    }

    /** Sends a chat request to Groq. {@return this} */
    AnswerClient chat(String body, String... headers) {
        return chat("groq", body, headers);
    }

    /** Sends a chat request. {@return this} */
    AnswerClient chat(String provider, String body, String[] headers) {
        return request("POST", "/v1/chat/completions", provider, body, headers);
    }

    /** Sends a chat request without a key, but for what the headers say. {@return this} */
    AnswerClient withoutKey(String provider, String body, String... headers) {
        return send("POST", "/v1/chat/completions", body, "x-provider: " + provider + "\r\n", headers);
    }

    /** Sends a chat request whose model says where it goes, without a key. {@return this} */
    AnswerClient withoutKeyOrProvider(String body) {
        return send("POST", "/v1/chat/completions", body, "");
    }

    /** {@return what has come since the last answer, after waiting for one more byte} */
    String readSome() {
        try {
            raw.write(next());
            while (in.available() > 0) {
                raw.write(in.read());
            }
            return raw.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends any request. {@return this} */
    AnswerClient request(String method, String path, String provider, String body, String... headers) {
        return send(
                method, path, body, "x-provider: " + provider + "\r\nauthorization: Bearer " + KEY + "\r\n", headers);
    }

    private AnswerClient send(String method, String path, String body, String first, String... headers) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        StringBuilder head = new StringBuilder(
                method + " " + path + " HTTP/1.1\r\nhost: gateway\r\n" + first + "content-type: application/json\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        head.append("content-length: ").append(bytes.length).append("\r\n\r\n");
        return send(head.toString()).send(body);
    }

    /** Sends this text in UTF-8. {@return this} */
    AnswerClient send(String text) {
        try {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads so many bytes of an answer at a time, and has something done in between. {@return this} */
    AnswerClient slowly(int bytes, Runnable between) {
        portion = bytes;
        afterPortion = between;
        return this;
    }

    /** {@return the next answer, read until its end or the end of the connection} */
    Reply read() {
        return read(true);
    }

    /** {@return the next answer, to a request of method HEAD} */
    Reply readHead() {
        return read(false);
    }

    private Reply read(boolean withBody) {
        raw = new ByteArrayOutputStream();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        String head = "";
        boolean whole;
        try {
            do {
                head = line() + "\r\n";
                for (String line = line(); !line.isEmpty(); line = line()) {
                    head += line + "\r\n";
                }
            } while (head.startsWith("HTTP/1.1 1"));
            whole = !withBody || readBody(head.toLowerCase(Locale.ROOT), body);
        } catch (EOFException | SocketException cut) {
            whole = false;
        } catch (IOException e) {
            throw new UncheckedIOException("so far: " + raw.toString(StandardCharsets.UTF_8), e);
        }
        return new Reply(head, body.toByteArray(), raw.toByteArray(), whole);
    }

    private boolean readBody(String head, ByteArrayOutputStream body) throws IOException {
        int length = head.indexOf("\r\ncontent-length:");
        if (head.contains("\r\ntransfer-encoding: chunked\r\n")) {
            while (true) {
                int size = Integer.parseInt(line(), 16);
                copy(size, body);
                if (!line().isEmpty()) {
                    throw new AssertionError("a chunk is longer than it says");
                }
                if (size == 0) {
                    return true;
                }
            }
        }
        if (length >= 0) {
            String digits = head.substring(length + 17, head.indexOf("\r\n", length + 2));
            copy(Integer.parseInt(digits.strip()), body);
            return true;
        }
        if (head.startsWith("http/1.1 204")) {
            return true;
        }
        copy(Integer.MAX_VALUE, body);
        return false;
    }

    private void copy(int length, ByteArrayOutputStream to) throws IOException {
        for (int i = 0; i < length; i++) {
            to.write(next());
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = next(); next != '\n'; next = next()) {
            line.append((char) next);
        }
        return line.toString().replace("\r", "");
    }

    private int next() throws IOException {
        int next = in.read();
        if (next < 0) {
            throw new EOFException();
        }
        raw.write(next);
        if (raw.size() % portion == 0) {
            afterPortion.run();
        }
        return next;
    }

    /** {@return what came since the last answer, up to and including a text, which must come} */
    String readUntil(String text) {
        raw = new ByteArrayOutputStream();
        StringBuilder read = new StringBuilder();
        try {
            while (read.indexOf(text, Math.max(0, read.length() - text.length())) < 0) {
                read.append((char) next());
            }
        } catch (IOException e) {
            throw new AssertionError("\"" + text + "\" did not come, but: " + read, e);
        }
        return read.toString();
    }

    /** {@return whether the gateway closes the connection without sending anything more} */
    boolean isClosed() {
        try {
            return in.read() < 0;
        } catch (SocketException reset) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Says that nothing more will come, though it could still read. */
    void halfClose() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Leaves by an abrupt end (RST). */
    void reset() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Leaves by an orderly end (FIN). */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
