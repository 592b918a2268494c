package io.magicapi.gateway.provider.openai;

import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.testkit.Abilities;
import io.magicapi.gateway.testkit.ProviderContract;
import org.junit.jupiter.api.Nested;

/** One provider of each kind: what is not overridden by a preset is the same code in all of them. */
class OpenAiContractTest {

    /** Paths are below the base URL as SDKs have them, without {@code /v1}. */
    private static final Abilities ABILITIES = Abilities.passThrough().ownPaths();

    @Nested
    class OpenAiItself extends ProviderContract {

        @Override
        protected Provider provider() {
            return new OpenAi();
        }

        @Override
        protected Abilities abilities() {
            return ABILITIES;
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
            return ABILITIES.withoutKey();
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
            return ABILITIES.withoutKey().keyHeader("x-lab-key", "").option("auth-header", "x-lab-key");
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
            return ABILITIES.keyHeader("api-key", "");
        }
    }

    @Nested
    class ErrorsPutRight extends ProviderContract {

        @Override
        protected Provider provider() {
            return new Presets.DeepSeek();
        }

        @Override
        protected Abilities abilities() {
            return ABILITIES;
        }
    }

    @Nested
    class AnswersLookedAt extends ProviderContract {

        @Override
        protected Provider provider() {
            return new Presets.OpenRouter();
        }

        @Override
        protected Abilities abilities() {
            return ABILITIES;
        }
    }

    @Nested
    class LimitsRenamed extends ProviderContract {

        @Override
        protected Provider provider() {
            return new Presets.Together();
        }

        @Override
        protected Abilities abilities() {
            return ABILITIES;
        }
    }
}
