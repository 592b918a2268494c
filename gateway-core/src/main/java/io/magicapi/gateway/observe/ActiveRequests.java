package io.magicapi.gateway.observe;

import java.util.concurrent.atomic.AtomicInteger;

/** How many requests are being served. Shared by all event loops. */
public final class ActiveRequests {

    private final AtomicInteger count = new AtomicInteger();

    /** {@return the number of requests that have begun and not ended} */
    public int count() {
        return count.get();
    }

    /** Counts a request that has begun. */
    public void begin() {
        count.incrementAndGet();
    }

    /** Counts a request that has ended. */
    public void end() {
        count.decrementAndGet();
    }
}
