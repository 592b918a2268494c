package io.magicapi.gateway.tests;

import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.testkit.ClientOutcomes;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Lets a client ask for all forms of {@link ClientOutcomes} at once, since most of the time goes into its retries. */
final class AllForms {

    /** Asks for this model. Returns the text of the answer, or throws what the application gets. */
    @FunctionalInterface
    interface Asking {
        String text(String model) throws Exception;
    }

    private AllForms() {}

    /** {@return a gateway for them} */
    static GatewayExtension gateway() {
        Deadlines usual = Deadlines.DEFAULT;
        return new GatewayExtension()
                .plugin(ClientOutcomes.PLUGIN)
                .provider("patient", "")
                .provider("silent", "")
                .provider("stalling", "")
                .deadlines("silent", new Deadlines(usual.connect(), ClientOutcomes.DEADLINE, usual.idle()))
                .deadlines("stalling", new Deadlines(usual.connect(), usual.firstByte(), ClientOutcomes.DEADLINE));
    }

    /** Asks for all of them, and fails unless each outcome is as it must be, and as documented. */
    static void ask(String client, GatewayExtension gateway, Asking streamed, Asking plain) {
        ClientOutcomes outcomes = ClientOutcomes.of(client, gateway.upstream());
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Callable<Void>> rest = new ArrayList<>(asking(outcomes, ClientOutcomes.broken(), streamed));
            rest.addAll(asking(outcomes, ClientOutcomes.faults(), plain));
            threads.invokeAll(asking(outcomes, ClientOutcomes.whole(), streamed));
            threads.invokeAll(rest);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            threads.shutdownNow();
        }
        outcomes.check();
    }

    private static List<Callable<Void>> asking(ClientOutcomes outcomes, List<String> models, Asking asking) {
        return models.stream()
                .map(model -> (Callable<Void>) () -> {
                    ask(outcomes, model, asking);
                    return null;
                })
                .toList();
    }

    private static void ask(ClientOutcomes outcomes, String model, Asking asking) {
        try {
            outcomes.answered(model, asking.text(model));
        } catch (Exception e) {
            Throwable seen = e instanceof ExecutionException ? e.getCause() : e;
            outcomes.failed(model, (seen == null ? e : seen).getClass().getSimpleName());
        }
    }
}
