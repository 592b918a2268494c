package io.magicapi.gateway.observe;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.io.Flushable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands log lines over to a thread that writes them. Whoever logs never waits: when so many lines are waiting that they
 * cannot be held, as when nobody reads the output, further ones are lost, and counted, and the log says so later.
 *
 * <p>A line that comes alone is written at once. Those that follow it closely are written together: to wake the writer,
 * and to write, for each of a thousand lines a second costs more than to make them.
 */
final class LogQueue extends UnsynchronizedAppenderBase<ILoggingEvent> {

    /** Some seconds' worth of access lines under full load; some megabytes at most. */
    static final int MOST_WAITING = 16_384;

    /** How many lines are written at once. */
    static final int MOST_TOGETHER = 256;

    /** How long lines are gathered after some were written. Nobody wakes the writer meanwhile. */
    private static final long GATHERING_MILLIS = 10;

    private static final Logger LOG = LoggerFactory.getLogger(LogQueue.class);

    private final Appender<ILoggingEvent> writer;
    private final Flushable output;
    private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(MOST_WAITING);
    private final LongAdder dropped = new LongAdder();
    private final Thread thread = new Thread(this::write, "log-writer");
    private long told;

    /** What waits: a line, or somebody who wants to know when all before it are written. */
    private record Item(
            @Nullable ILoggingEvent line, @Nullable CountDownLatch reached) {}

    /**
     * A queue to a writer that has started.
     *
     * @param output where the writer writes to; flushed after each batch of lines
     */
    LogQueue(Appender<ILoggingEvent> writer, Flushable output) {
        this.writer = writer;
        this.output = output;
    }

    @Override
    public void start() {
        thread.setDaemon(true);
        thread.start();
        super.start();
    }

    @Override
    public void stop() {
        super.stop();
        thread.interrupt();
    }

    @Override
    protected void append(ILoggingEvent event) {
        event.prepareForDeferredProcessing();
        if (!queue.offer(new Item(event, null))) {
            dropped.increment();
        }
    }

    /** {@return how many lines were lost} */
    long dropped() {
        return dropped.sum();
    }

    /** Waits until what came before is written, for so long at most. */
    void flush(Duration patience) {
        CountDownLatch reached = new CountDownLatch(1);
        try {
            long begin = System.nanoTime();
            if (queue.offer(new Item(null, reached), patience.toNanos(), TimeUnit.NANOSECONDS)) {
                boolean done = reached.await(patience.toNanos() - (System.nanoTime() - begin), TimeUnit.NANOSECONDS);
                if (!done) {
                    addWarn("lines were still waiting to be written");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        List<Item> batch = new ArrayList<>();
        try {
            while (true) {
                batch.add(queue.take());
                boolean more = queue.drainTo(batch, MOST_TOGETHER - 1) == MOST_TOGETHER - 1;
                write(batch);
                batch.clear();
                tellOfDropped();
                if (!more) {
                    Thread.sleep(GATHERING_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // stopped
        }
    }

    private void write(List<Item> batch) {
        for (Item item : batch) {
            if (item.line() != null) {
                writer.doAppend(item.line());
            }
        }
        try {
            output.flush();
        } catch (IOException e) {
            addError("log lines cannot be written", e);
        }
        for (Item item : batch) {
            if (item.reached() != null) {
                item.reached().countDown();
            }
        }
    }

    /** Once there is room again; this line takes its place in the queue as any other. */
    private void tellOfDropped() {
        long sum = dropped.sum();
        if (sum > told && queue.size() < MOST_WAITING / 2) {
            LOG.atWarn()
                    .addKeyValue("lines", sum - told)
                    .log("log lines were lost: they came faster than they were read");
            told = sum;
        }
    }
}
