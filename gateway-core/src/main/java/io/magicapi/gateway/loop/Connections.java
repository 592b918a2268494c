package io.magicapi.gateway.loop;

import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/** What Vert.x's connections do not offer. On the connection's event loop. */
public final class Connections {

    private Connections() {}

    /**
     * Closes a connection at once. Vert.x would wait until all that was written has been sent, so that a peer who reads
     * nothing could hold the connection for ever.
     */
    public static void closeNow(HttpConnection connection) {
        connection.close();
        if (isStuck(connection)) {
            ((ConnectionBase) connection).channelHandlerContext().close(); // past the handler that waits
        }
    }

    /** {@return whether more has been written than the peer takes} */
    public static boolean isStuck(HttpConnection connection) {
        return connection instanceof ConnectionBase base && !base.channel().isWritable();
    }
}
