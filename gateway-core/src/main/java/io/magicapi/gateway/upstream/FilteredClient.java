package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;

/** A client behind something that decides what of an answer is delivered to it, and when. All else passes. */
abstract class FilteredClient implements ClientSide {

    /** The client itself. */
    final ClientSide client;

    FilteredClient(ClientSide client) {
        this.client = client;
    }

    @Override
    public void beginStream(Optional<String> warning) {
        client.beginStream(warning);
    }

    @Override
    public void keepAlive() {
        client.keepAlive();
    }

    @Override
    public void refuse(GatewayException failure) {
        client.refuse(failure);
    }

    @Override
    public void refuse(int status, Buffer body) {
        client.refuse(status, body);
    }

    @Override
    public void hold() {
        client.hold();
    }

    @Override
    public void release() {
        client.release();
    }
}
