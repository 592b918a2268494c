package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.AppenderBase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LogQueueTest {

    private final LoggerContext context = new LoggerContext();
    private final Logger logger = context.getLogger("some");
    private final List<String> written = new CopyOnWriteArrayList<>();
    private final AtomicInteger flushes = new AtomicInteger();
    private final CountDownLatch reading = new CountDownLatch(1);

    /** An output that nobody reads until {@link #reading}. */
    private final AppenderBase<ILoggingEvent> output = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            try {
                reading.await();
                written.add(event.getFormattedMessage() + " on " + event.getThreadName());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    };

    private LogQueue queue() {
        context.setMDCAdapter(new LogbackMDCAdapter());
        output.setContext(context);
        output.start();
        LogQueue queue = new LogQueue(output, () -> flushes.incrementAndGet());
        queue.setContext(context);
        queue.start();
        logger.setLevel(Level.INFO);
        logger.addAppender(queue);
        return queue;
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    @Test
    @DisplayName(
            "who logs does not wait for the output, and lines come out in their order, with the thread that logged")
    void order() {
        LogQueue queue = queue();

        for (int i = 0; i < 1000; i++) {
            logger.info("line {}", i); // would never return if it waited
        }
        assertThat(written).isEmpty();
        reading.countDown();
        queue.flush(Duration.ofSeconds(10));

        assertThat(written).hasSize(1000);
        assertThat(written.get(999))
                .isEqualTo("line 999 on " + Thread.currentThread().getName());
        assertThat(queue.dropped()).isZero();
    }

    @Test
    @DisplayName("what cannot be held is lost, and counted")
    void full() {
        LogQueue queue = queue();

        int most = LogQueue.MOST_WAITING + LogQueue.MOST_TOGETHER; // those that the writer has taken included
        for (int i = 0; i < most + 100; i++) {
            logger.info("line {}", i);
        }
        long dropped = queue.dropped();
        reading.countDown();
        queue.flush(Duration.ofSeconds(20));

        assertThat(dropped).isBetween(100L, 100L + LogQueue.MOST_TOGETHER);
        assertThat(written).hasSize((int) (most + 100 - dropped));
    }

    @Test
    @DisplayName("lines that come closely after each other are written together")
    void together() {
        reading.countDown();
        LogQueue queue = queue();

        for (int i = 0; i < 1000; i++) {
            logger.info("line {}", i);
        }
        queue.flush(Duration.ofSeconds(10));

        assertThat(written).hasSize(1000);
        assertThat(flushes.get()).isBetween(1000 / LogQueue.MOST_TOGETHER, 500);
    }

    @Test
    @DisplayName("waiting for the output has an end")
    void flushEnds() {
        LogQueue queue = queue();
        logger.info("stuck");

        long begin = System.nanoTime();
        queue.flush(Duration.ofMillis(100));

        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
        assertThat(written).isEmpty();
        reading.countDown();
    }
}
