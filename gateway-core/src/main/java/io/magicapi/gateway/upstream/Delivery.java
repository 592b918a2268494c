package io.magicapi.gateway.upstream;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How the answer to one attempt is delivered if it is a chat stream, and what is asked for it: an attempt that is to go
 * on with an answer that broke off is not like any other.
 */
final class Delivery {

    private final Holding holding;
    private final @Nullable DeliveredText delivered;
    private final boolean continues;
    private final boolean mayPrefill;
    private boolean prefilled;

    private Delivery(Holding holding, @Nullable DeliveredText delivered, boolean continues, boolean mayPrefill) {
        this.holding = holding;
        this.delivered = delivered;
        this.continues = continues;
        this.mayPrefill = mayPrefill;
    }

    /**
     * {@return that of an answer that begins}
     *
     * @param delivered notes what is delivered; null: nobody will ask
     */
    static Delivery begins(Holding holding, @Nullable DeliveredText delivered) {
        return new Delivery(holding, delivered, false, false);
    }

    /**
     * {@return that of an answer that goes on where another one broke off}
     *
     * @param delivered what was delivered of it
     * @param mayPrefill whether the target may be given that as the beginning of its answer
     */
    static Delivery continues(Holding holding, DeliveredText delivered, boolean mayPrefill) {
        return new Delivery(holding, delivered, true, mayPrefill);
    }

    /** {@return how much of the stream is held back} */
    Holding holding() {
        return holding;
    }

    /** {@return whether the target was given the beginning of its answer} */
    boolean isPrefilled() {
        return prefilled;
    }

    /**
     * {@return what the target is asked: {@code call}, or the same with the beginning of the answer}
     *
     * @param continuesAnswers asks the provider whether its model goes on with such a beginning; never fails
     */
    Future<GatewayCall> asked(GatewayCall call, Supplier<Future<Boolean>> continuesAnswers) {
        return delivered == null || !mayPrefill
                ? Future.succeededFuture(call)
                : continuesAnswers.get().map(can -> can ? prefilled(call, delivered.text()) : call);
    }

    private GatewayCall prefilled(GatewayCall call, String text) {
        Optional<Buffer> body = Prefill.of(call.body(), text);
        prefilled = body.isPresent();
        return body.map(call::withBody).orElse(call);
    }

    /**
     * {@return what the answer is to be written to, so that it gets to the client}
     *
     * @param client the attempt
     * @param unusable called once if the answer does not go on where the other one broke off; after that nothing is
     *     written
     */
    ClientSide through(ClientSide client, Runnable unusable) {
        if (delivered == null) {
            return client;
        }
        return new ContinuedStream(
                client,
                delivered,
                continues ? Optional.of(new Continuation(delivered, prefilled)) : Optional.empty(),
                unusable);
    }
}
