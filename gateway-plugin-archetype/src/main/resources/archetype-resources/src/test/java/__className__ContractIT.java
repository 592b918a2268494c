package ${package};

import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.testkit.ProviderContract;

/** What every provider must do. What this one can do beyond the simplest is declared by overriding {@code abilities()}. */
class ${className}ContractIT extends ProviderContract {

    @Override
    protected Provider provider() {
        return new ${className}Provider();
    }
}
