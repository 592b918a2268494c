package io.magicapi.gateway.loop;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * Closes connections of io_uring whose peer has reset them in the moment in which what it had sent was being read.
 *
 * <p>Netty (4.2.18 to 4.2.20) then waits for ever: being told that the peer is gone, it leaves it to the read under way
 * to find out, but that one finds data, and is told that there is no more. Linux says so of a socket that was reset, and
 * not of one that was closed. Netty's poll for more is told of changes only, and there will be none. (Its setting for
 * polls that are told of what is there already, {@code io.netty.iouring.pollAddMultishotEnabled=false}, helps, but leaves
 * connections half open that are closed while they are being read.)
 *
 * <p>What Netty remembers of it is whether it wants to go on reading even if there is nothing.
 */
@Sharable
final class ResetWatch extends ChannelInboundHandlerAdapter {

    private static final ResetWatch INSTANCE = new ResetWatch();
    private static final UncheckedBooleanSupplier NOTHING_MORE = () -> false;

    private ResetWatch() {}

    /** Watches a connection, if its transport needs it. */
    static void over(Channel channel) {
        if (channel instanceof IoUringSocketChannel) {
            channel.pipeline().addFirst(INSTANCE);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.fireChannelReadComplete();
        Channel channel = context.channel();
        if (channel.unsafe().recvBufAllocHandle() instanceof RecvByteBufAllocator.ExtendedHandle reading
                && reading.continueReading(NOTHING_MORE)) {
            context.close();
        }
    }
}
