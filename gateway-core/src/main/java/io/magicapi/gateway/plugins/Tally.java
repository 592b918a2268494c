package io.magicapi.gateway.plugins;

import java.util.Arrays;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/** How requests end on one version while it is compared with another. Safe for all threads. */
final class Tally {

    /** So many of the newest times count. */
    private static final int KEPT = 1024;

    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicInteger timed = new AtomicInteger();
    private final AtomicLongArray firstBytes = new AtomicLongArray(KEPT);

    /**
     * Counts a request that has ended.
     *
     * @param failure whether the provider or its plugin failed
     * @param firstByteNanos how long it took to the first byte for the client; negative if there was none
     */
    void add(boolean failure, long firstByteNanos) {
        if (failure) {
            failed.incrementAndGet();
        } else if (firstByteNanos >= 0) {
            firstBytes.set(Math.floorMod(timed.getAndIncrement(), KEPT), firstByteNanos);
        }
        ended.incrementAndGet();
    }

    int ended() {
        return ended.get();
    }

    int failed() {
        return failed.get();
    }

    /** {@return what part has failed, from 0 to 1} */
    double errorRate() {
        int all = ended.get();
        return all == 0 ? 0 : (double) failed.get() / all;
    }

    /** {@return the median time to the first byte of those that did not fail, in nanoseconds; empty if there are none} */
    OptionalLong medianFirstByte() {
        int count = Math.min(timed.get(), KEPT);
        if (count == 0) {
            return OptionalLong.empty();
        }
        long[] sorted = new long[count];
        Arrays.setAll(sorted, firstBytes::get);
        Arrays.sort(sorted);
        return OptionalLong.of(sorted[count / 2]);
    }
}
