package ${package};

import io.magicapi.gateway.api.Provider;
import org.pf4j.Extension;

@Extension
public class ${className}Provider implements Provider {

    @Override
    public String name() {
        return "${artifactId}";
    }

    @Override
    public String baseUrl() {
        return "https://api.${artifactId}.example";
    }
}
