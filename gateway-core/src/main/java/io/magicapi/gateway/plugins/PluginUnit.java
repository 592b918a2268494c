package io.magicapi.gateway.plugins;

import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.GatewayConfig;
import java.io.Closeable;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ResourceBundle;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.pf4j.JarPluginManager;
import org.pf4j.Plugin;
import org.pf4j.PluginFactory;
import org.pf4j.PluginLoader;
import org.pf4j.PluginRuntimeException;
import org.pf4j.PluginStatusProvider;
import org.pf4j.PluginWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One loaded version of a plugin: a jar, its class loader, and the providers in it. Lives once, in this order: {@link
 * #load}, {@link #start}, {@link #retire}, {@link #unload}, all on the plugin thread.
 *
 * <p>PF4J is the loader and nothing more. Each unit has a manager of its own, because a manager refuses two versions of
 * one id, and two must run side by side while the older one drains. Nothing here is reachable from requests but the
 * {@link ProviderGeneration}s.
 */
final class PluginUnit {

    private static final Logger LOG = LoggerFactory.getLogger(PluginUnit.class);

    private final PluginDescriptor descriptor;
    private final Path copy;

    /** Where the plugin was dropped; changes when that file is renamed. */
    private volatile Path file;

    /** Since when it is in its present state. */
    private volatile Instant since = Instant.now();

    private volatile List<ProviderGeneration> generations = List.of();

    /** Generations whose place others have taken in this unit, and which requests still use. */
    private volatile List<ProviderGeneration> replaced = List.of();

    /** Why providers that are configured did not start while others did, by their names. */
    private volatile Map<String, Rejection> missing = Map.of();

    /** Of each provider's class, the name it gives itself; in the order of the plugin's extensions. */
    private final Map<Class<? extends Provider>, String> ownNames = new LinkedHashMap<>();

    /** Providers whose {@code start} has returned; written by the starting thread, which may outlive its deadline. */
    private final List<Provider> started = new CopyOnWriteArrayList<>();

    private @Nullable Manager manager;
    private @Nullable ClassLoader loader;
    private volatile @Nullable Plugin plugin;

    private PluginUnit(PluginDescriptor descriptor, Path file, Path copy) {
        this.descriptor = descriptor;
        this.file = file;
        this.copy = copy;
    }

    /**
     * Loads a jar that passed inspection, and resolves its classes. Runs no code of the plugin.
     *
     * @param copy the private copy to load
     * @param file where it came from
     * @throws Refusal if its classes do not fit; nothing stays loaded
     */
    static PluginUnit load(PluginDescriptor descriptor, Path file, Path copy, String apiVersion, LoaderWatch watch)
            throws Refusal {
        PluginUnit unit = new PluginUnit(descriptor, file, copy);
        try {
            unit.load(apiVersion, watch);
        } catch (Refusal e) {
            unit.unload(watch, Duration.ZERO);
            throw e;
        } catch (RuntimeException | LinkageError e) {
            String reason = PluginThread.describe(e, descriptor::owns);
            unit.unload(watch, Duration.ZERO);
            throw new Refusal("GW-P20", descriptor.label() + " cannot be loaded: " + reason + ".");
        }
        return unit;
    }

    private void load(String apiVersion, LoaderWatch watch) throws Refusal {
        Manager loading = new Manager(copy, PluginUnit.class.getClassLoader());
        manager = loading;
        loading.setSystemVersion(apiVersion);
        loading.loadPlugin(copy);
        ClassLoader classes = loading.getPluginClassLoader(descriptor.id());
        loader = classes;
        watch.loaded(label(), descriptor::owns, classes);
        new ApiCheck(descriptor, classes, apiVersion).resolveAll();
    }

    /**
     * Creates and starts the providers, on a thread of their own.
     *
     * @param starter how to start each
     * @param mayBeMissing the names of providers that may fail to start, as long as another one serves
     * @throws Refusal if another one does not start, or one is not as a provider must be; call {@link #unload} then
     */
    void start(ProviderStarter starter, Predicate<String> mayBeMissing, Duration deadline) throws Refusal {
        ClassLoader classes = loader;
        Manager loading = manager;
        if (classes == null || loading == null) {
            throw new IllegalStateException(label() + " is not loaded");
        }
        String[] at = {descriptor.id()};
        try {
            generations = PluginThread.run("plugin-start-" + descriptor.id(), classes, deadline, this::owns, () -> {
                PluginWrapper wrapper = loading.getPlugin(descriptor.id());
                if (descriptor.pluginClass().isPresent()) {
                    at[0] = simple(descriptor.pluginClass().get());
                    Plugin created = wrapper.getPlugin();
                    created.start();
                    plugin = created;
                }
                List<ProviderGeneration> ready = new ArrayList<>();
                Map<String, Refusal> failed = new TreeMap<>();
                for (Class<? extends Provider> type : providerClasses(classes)) {
                    at[0] = simple(type.getName());
                    Provider first = create(type);
                    String own = ProviderStarter.ownName(descriptor.label(), first);
                    ownNames.put(type, own);
                    List<String> names = starter.names(own);
                    for (String name : names) {
                        Provider provider = name.equals(names.get(0)) ? first : create(type);
                        try {
                            start(starter, name, provider, ready, KeyRing.EMPTY);
                        } catch (RuntimeException e) {
                            if (!mayBeMissing.test(name)) {
                                throw e;
                            }
                            failed.put(name, notStarted(at[0], PluginThread.describe(e, this::owns)));
                        }
                    }
                }
                if (ready.isEmpty() && !failed.isEmpty()) {
                    throw failed.values().iterator().next();
                }
                missing = failed.entrySet().stream()
                        .collect(Collectors.toUnmodifiableMap(
                                Map.Entry::getKey,
                                entry -> entry.getValue()
                                        .rejection()
                                        .and("So provider " + entry.getKey()
                                                + " does not serve; the others of the plugin do.")));
                return List.copyOf(ready);
            });
        } catch (PluginThread.Failure e) {
            throw notStarted(at[0], e.text());
        }
    }

    private Refusal notStarted(String what, String why) {
        return new Refusal("GW-P08", descriptor.label() + ": " + what + " failed to start: " + why + ".");
    }

    private void start(
            ProviderStarter starter, String name, Provider provider, List<ProviderGeneration> ready, KeyRing before)
            throws Exception {
        starter.start(
                        descriptor.label(),
                        descriptor.version(),
                        name,
                        provider,
                        ready,
                        before,
                        () -> started.add(provider))
                .ifPresent(ready::add);
    }

    /**
     * Makes what serves under another configuration: providers that need it are started anew, others get their keys and
     * deadlines, the rest stays. Nothing of it serves before {@link #adopt}; if that does not follow, {@link #tidy} must.
     *
     * @param before the configuration it runs with
     * @param starter knows the other one
     * @throws Refusal if a provider does not start or is not as it must be
     */
    List<ProviderGeneration> prepare(GatewayConfig before, ProviderStarter starter, Duration deadline) throws Refusal {
        String[] at = {descriptor.id()};
        try {
            return PluginThread.run("plugin-start-" + descriptor.id(), loader, deadline, this::owns, () -> {
                List<ProviderGeneration> ready = new ArrayList<>();
                for (Map.Entry<Class<? extends Provider>, String> entry : ownNames.entrySet()) {
                    at[0] = simple(entry.getKey().getName());
                    for (String name : starter.names(entry.getValue())) {
                        Optional<ProviderGeneration> running = running(name);
                        if (starter.startsAnew(name, before.provider(name))) {
                            KeyRing keys = running.map(ProviderGeneration::keys).orElse(KeyRing.EMPTY);
                            start(starter, name, create(entry.getKey()), ready, keys);
                        } else {
                            running.map(starter::follow).ifPresent(ready::add);
                        }
                    }
                }
                return List.copyOf(ready);
            });
        } catch (PluginThread.Failure e) {
            throw notStarted(at[0], e.text());
        }
    }

    /**
     * Has other generations serve from now on.
     *
     * @param next the configuration they were made with
     * @return those they replace; they must be retired when requests can see the new ones, and {@link #tidy} be called
     *     when one is drained
     */
    List<ProviderGeneration> adopt(List<ProviderGeneration> others, GatewayConfig next) {
        List<ProviderGeneration> leaving = new ArrayList<>(generations);
        leaving.removeAll(others);
        List<ProviderGeneration> all = new ArrayList<>(replaced);
        all.addAll(leaving);
        replaced = List.copyOf(all);
        generations = List.copyOf(others);
        missing = missing.entrySet().stream()
                .filter(entry -> next.providers().containsKey(entry.getKey()) && !serves(entry.getKey()))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
        return leaving;
    }

    /** {@return why providers that are configured did not start while others did, by their names} */
    Map<String, Rejection> missing() {
        return missing;
    }

    /** {@return whether one of its providers serves under this name} */
    boolean serves(String name) {
        return running(name).isPresent();
    }

    private Optional<ProviderGeneration> running(String name) {
        return generations.stream()
                .filter(generation -> generation.name().equals(name))
                .findFirst();
    }

    /** Stops the providers that nothing uses any more. */
    void tidy(Duration deadline) {
        replaced = replaced.stream()
                .filter(generation ->
                        !generation.drained().toCompletableFuture().isDone())
                .toList();
        Set<Provider> used = Collections.newSetFromMap(new IdentityHashMap<>());
        allGenerations().forEach(generation -> used.add(generation.provider()));
        for (Provider provider : started) {
            if (!used.contains(provider)) {
                started.remove(provider);
                stop(provider.getClass().getSimpleName(), deadline, provider::stop);
            }
        }
    }

    private List<Class<? extends Provider>> providerClasses(ClassLoader classes)
            throws Refusal, ClassNotFoundException {
        List<Class<? extends Provider>> found = new ArrayList<>();
        for (String name : descriptor.extensions()) {
            Class<?> type = Class.forName(name, false, classes);
            if (Provider.class.isAssignableFrom(type)) {
                found.add(type.asSubclass(Provider.class));
            }
        }
        if (found.isEmpty()) {
            throw new Refusal(
                    "GW-P01",
                    descriptor.label() + " declares no provider: of its extensions ("
                            + String.join(", ", descriptor.extensions())
                            + ") none implements io.magicapi.gateway.api.Provider.");
        }
        return found;
    }

    private static Provider create(Class<? extends Provider> type) throws Exception {
        Constructor<? extends Provider> constructor;
        try {
            constructor = type.getConstructor();
        } catch (NoSuchMethodException e) {
            throw new PluginRuntimeException("it has no public constructor without parameters");
        }
        return constructor.newInstance();
    }

    /** Grants no further lease. {@return completes, on any thread, when the last one is given back} */
    CompletableFuture<Void> retire() {
        since = Instant.now();
        generations.forEach(ProviderGeneration::retire);
        return CompletableFuture.allOf(allGenerations().stream()
                .map(generation -> generation.drained().toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    }

    /** Stops the providers and gives up the class loader, whatever the plugin thinks of it. Idempotent. */
    void unload(LoaderWatch watch, Duration deadline) {
        stop(deadline);
        Manager loading = manager;
        ClassLoader classes = loader;
        manager = null;
        loader = null;
        if (loading != null) {
            try {
                loading.unloadPlugin(descriptor.id());
            } catch (RuntimeException | LinkageError e) {
                LOG.atDebug().addKeyValue("plugin", label()).log("PF4J could not unload {}", label());
            }
        }
        if (classes != null) {
            // PF4J leaves the loader open when anything went wrong before.
            try {
                ((Closeable) classes).close();
            } catch (IOException e) {
                LOG.atWarn().addKeyValue("plugin", label()).log("the jar of {} could not be closed", label());
            }
            ResourceBundle.clearCache(classes);
            watch.unloaded(classes);
        }
    }

    private void stop(Duration deadline) {
        Plugin stopping = plugin;
        if (started.isEmpty() && stopping == null) {
            return;
        }
        for (Provider provider : started) {
            stop(provider.getClass().getSimpleName(), deadline, provider::stop);
        }
        if (stopping != null) {
            stop(stopping.getClass().getSimpleName(), deadline, stopping::stop);
        }
        started.clear();
        ownNames.clear();
        plugin = null;
    }

    private void stop(String what, Duration deadline, Runnable stop) {
        try {
            PluginThread.run("plugin-stop-" + descriptor.id(), loader, deadline, this::owns, () -> {
                stop.run();
                return "stopped";
            });
        } catch (PluginThread.Failure | Refusal e) {
            LOG.atWarn()
                    .addKeyValue("plugin", descriptor.id())
                    .addKeyValue("version", descriptor.version())
                    .log("{}: {} failed to stop: {}; it is unloaded all the same", label(), what, e.getMessage());
        }
    }

    private boolean owns(String className) {
        return descriptor.owns(className);
    }

    private static String simple(String className) {
        return className.substring(className.lastIndexOf('.') + 1);
    }

    PluginDescriptor descriptor() {
        return descriptor;
    }

    Path copy() {
        return copy;
    }

    Path file() {
        return file;
    }

    Instant since() {
        return since;
    }

    /** Notes that it begins to serve alone. */
    void promoted() {
        since = Instant.now();
    }

    /** {@return why it must be taken out of service, if it must} */
    Optional<String> misconduct() {
        return generations.stream()
                .flatMap(generation -> generation.conduct().misconduct().stream())
                .findFirst();
    }

    void moved(Path to) {
        file = to;
    }

    List<ProviderGeneration> generations() {
        return generations;
    }

    /** {@return those that serve, and those that they have replaced and that requests still use} */
    List<ProviderGeneration> allGenerations() {
        return Stream.concat(generations.stream(), replaced.stream()).toList();
    }

    /** {@return the names that its providers give themselves} */
    Set<String> ownNames() {
        return Set.copyOf(ownNames.values());
    }

    /** {@return the names under which its providers serve with a configuration} */
    Set<String> names(ProviderStarter starter) {
        return ownNames.values().stream()
                .flatMap(own -> starter.names(own).stream())
                .collect(Collectors.toSet());
    }

    /** {@return how many requests use this unit} */
    int inFlight() {
        return allGenerations().stream().mapToInt(ProviderGeneration::inFlight).sum();
    }

    /** {@return for people, what a retired unit waits for: {@code 2 requests finish on it}} */
    String finishing(String onWhat) {
        int count = inFlight();
        return switch (count) {
            case 0 -> "no request is using " + onWhat;
            case 1 -> "1 request finishes on " + onWhat;
            default -> count + " requests finish on " + onWhat;
        };
    }

    /** {@return for people: {@code 2 requests are}} */
    String requests() {
        int count = inFlight();
        return count == 1 ? "1 request is" : count + " requests are";
    }

    String label() {
        return descriptor.label() + " (" + descriptor.shortHash() + ")";
    }

    /** A manager of one plugin, with everything of PF4J turned off that has an opinion beyond loading. */
    private static final class Manager extends JarPluginManager {

        private final ClassLoader host;

        Manager(Path copy, ClassLoader host) {
            super(copy.toAbsolutePath().getParent());
            this.host = host;
        }

        @Override
        protected PluginLoader createPluginLoader() {
            return new PluginLoader() {
                @Override
                public boolean isApplicable(Path path) {
                    return true;
                }

                @Override
                public ClassLoader loadPlugin(Path path, org.pf4j.PluginDescriptor descriptor) {
                    PluginClasses classes = new PluginClasses(Manager.this, descriptor, host);
                    classes.addFile(path.toFile());
                    return classes;
                }
            };
        }

        /** PF4J's own logs the cause and goes on with null. */
        @Override
        protected PluginFactory createPluginFactory() {
            return Manager::create;
        }

        /** PF4J's own writes into the drop folder. */
        @Override
        protected PluginStatusProvider createPluginStatusProvider() {
            return new PluginStatusProvider() {
                @Override
                public boolean isPluginDisabled(String id) {
                    return false;
                }

                @Override
                public void disablePlugin(String id) {}

                @Override
                public void enablePlugin(String id) {}
            };
        }

        private static Plugin create(PluginWrapper wrapper) {
            String name = wrapper.getDescriptor().getPluginClass();
            try {
                Class<?> type = Class.forName(name, true, wrapper.getPluginClassLoader());
                if (!Plugin.class.isAssignableFrom(type)) {
                    throw new PluginRuntimeException("it is named as Plugin-Class but does not extend org.pf4j.Plugin");
                }
                for (Constructor<?> constructor : type.getConstructors()) {
                    if (constructor.getParameterCount() == 0) {
                        return (Plugin) constructor.newInstance();
                    }
                }
                return (Plugin) type.getConstructor(PluginWrapper.class).newInstance(wrapper);
            } catch (InvocationTargetException e) {
                throw sneak(e.getCause() == null ? e : e.getCause());
            } catch (ReflectiveOperationException e) {
                throw new PluginRuntimeException(e, "it cannot be instantiated");
            }
        }

        @SuppressWarnings("unchecked")
        private static <T extends Throwable> RuntimeException sneak(Throwable thrown) throws T {
            throw (T) thrown;
        }
    }
}
