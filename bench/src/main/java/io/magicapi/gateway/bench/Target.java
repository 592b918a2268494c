package io.magicapi.gateway.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A request that is sent again and again, and where to.
 *
 * @param request all its bytes
 */
record Target(InetSocketAddress address, byte[] request) {

    /**
     * A request for a chat completion.
     *
     * @param script what the upstream is to answer
     * @param model as the client names it
     * @param bodyLength how many bytes of body to send; more than 200
     * @param headers lines besides the usual ones
     */
    static Target chat(InetSocketAddress address, Script script, String model, int bodyLength, List<String> headers) {
        boolean stream = script.form() != Script.Form.PLAIN;
        String begin = "{\"model\":\"" + model + "\"," + (stream ? "\"stream\":true," : "")
                + "\"messages\":[{\"role\":\"user\",\"content\":\"";
        String end = "\"}],\"temperature\":0.7}";
        String body = begin + "x".repeat(Math.max(0, bodyLength - begin.length() - end.length())) + end;
        StringBuilder head = new StringBuilder("POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
                + "user-agent: OpenAI/JS 6.1.0\r\naccept: application/json\r\ncontent-type: application/json\r\n"
                + "authorization: Bearer bench\r\nx-stainless-lang: js\r\nx-stainless-package-version: 6.1.0\r\n");
        head.append(Script.HEADER).append(": ").append(script).append("\r\n");
        headers.forEach(line -> head.append(line).append("\r\n"));
        head.append("content-length: ").append(body.length()).append("\r\n\r\n");
        return new Target(address, (head + body).getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Sends the request once.
     *
     * @return whether the answer's status is 200
     * @throws IOException if there is no answer
     */
    boolean isServed() throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(address, 1000);
            socket.getOutputStream().write(request);
            byte[] begin = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
            if (begin.length == 0) {
                throw new EOFException("the connection was closed");
            }
            return new String(begin, StandardCharsets.US_ASCII).endsWith("200");
        }
    }
}
