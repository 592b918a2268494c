package io.magicapi.gateway.testkit;

import io.magicapi.gateway.api.ProviderContext;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.pf4j.Extension;

/** Starts a thread and does not end it. */
@Extension
public class LeakingProvider extends GoodProvider {

    @Override
    public void start(ProviderContext context) {
        Thread thread = new Thread(() -> LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(30)), "leaked by acme");
        thread.setDaemon(true);
        thread.start();
    }
}
