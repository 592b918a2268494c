package io.magicapi.gateway.provider.openai;

import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.testkit.Abilities;
import io.magicapi.gateway.testkit.ProviderContract;
import org.junit.jupiter.api.Nested;

/** One provider of each kind: what is not overridden by a preset is the same code in all of them. */
class OpenAiContractTest {

    @Nested
    class OpenAiItself extends ProviderContract {

        @Override
        protected Provider provider() {
            return new OpenAi();
        }
    }

    @Nested
    class WithoutKey extends ProviderContract {

        @Override
        protected Provider provider() {
            return new OpenAiCompatible();
        }

        @Override
        protected Abilities abilities() {
            return Abilities.passThrough().withoutKey();
        }
    }

    @Nested
    class KeyElsewhere extends ProviderContract {

        @Override
        protected Provider provider() {
            return new OpenAiCompatible();
        }

        @Override
        protected Abilities abilities() {
            return Abilities.passThrough()
                    .withoutKey()
                    .keyHeader("x-lab-key", "")
                    .option("auth-header", "x-lab-key");
        }
    }

    @Nested
    class OwnHeader extends ProviderContract {

        @Override
        protected Provider provider() {
            return new Presets.Azure();
        }

        @Override
        protected Abilities abilities() {
            return Abilities.passThrough().keyHeader("api-key", "");
        }
    }

    @Nested
    class ErrorsPutRight extends ProviderContract {

        @Override
        protected Provider provider() {
            return new Presets.DeepSeek();
        }
    }

    @Nested
    class AnswersLookedAt extends ProviderContract {

        @Override
        protected Provider provider() {
            return new Presets.OpenRouter();
        }
    }

    @Nested
    class LimitsRenamed extends ProviderContract {

        @Override
        protected Provider provider() {
            return new Presets.Together();
        }
    }
}
