package io.magicapi.gateway.loop;

import io.netty.channel.ChannelOption;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.io.IOException;

/** What Vert.x's connections do not offer. On the connection's event loop. */
public final class Connections {

    /**
     * How many bytes of an answer the system may hold for a connection, each way. Left to itself Linux holds megabytes for
     * each, all in one pool for the whole machine: some hundred clients that do not read would use it up, and with it
     * everybody's connections.
     */
    public static final int SOCKET_BUFFER = 256 * 1024;

    /** So many writes are sent even if the turn is not over. */
    private static final int MOST_GATHERED = 256;

    private Connections() {}

    /**
     * Closes a connection at once. Vert.x would wait until all that was written has been sent, so that a peer who reads
     * nothing could hold the connection for ever. Nor does the system go on trying: it would keep what it has of that for
     * minutes.
     */
    public static void closeNow(HttpConnection connection) {
        boolean stuck = isStuck(connection);
        connection.close();
        if (stuck) {
            ConnectionBase base = (ConnectionBase) connection;
            base.channel().config().setOption(ChannelOption.SO_LINGER, 0);
            base.channelHandlerContext().close(); // past the handler that waits
        }
    }

    /**
     * Leaves what comes to the system, which stops the peer once it has its {@link #SOCKET_BUFFER}; what was read already
     * still comes. (When the peer closes, a connection that is paused by Vert.x forgets what it has not delivered, though
     * it may be all that was missing.)
     */
    public static void stopReading(HttpConnection connection) {
        read(connection, false);
    }

    /** Has what comes read again. */
    public static void read(HttpConnection connection) {
        read(connection, true);
    }

    private static void read(HttpConnection connection, boolean reads) {
        if (connection instanceof ConnectionBase base) {
            base.channel().config().setAutoRead(reads);
        }
    }

    /** Has a reset by the peer noticed, whatever the transport. For connections that were just opened. */
    public static void noticeResets(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            ResetWatch.over(base.channel());
        }
    }

    /** {@return whether more has been written than the peer takes} */
    public static boolean isStuck(HttpConnection connection) {
        return connection instanceof ConnectionBase base
                && base.channel().isActive()
                && !base.channel().isWritable();
    }

    /**
     * Has what is written in one turn of the event loop sent in one go. A stream's parts often come together, and each
     * would be a call of the system by itself.
     */
    public static void gatherWrites(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            base.channel().pipeline().addFirst(new FlushConsolidationHandler(MOST_GATHERED, true));
        }
    }

    /** Sends what has been written without waiting for the end of what is being read, after which it may be too late. */
    public static void flush(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            base.channelHandlerContext().flush();
        }
    }

    /** {@return whether a request or response failed since its peer is gone, and not since it sent nonsense} */
    public static boolean isLoss(Throwable failure) {
        return failure instanceof IOException || failure instanceof HttpClosedException;
    }
}
