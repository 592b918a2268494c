package io.magicapi.gateway.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Resolves all classes of a loaded plugin at once, so that what does not fit shows now and not in a request: classes
 * that are missing or hidden, and an API that has changed since the plugin was built. Runs no code of the plugin.
 *
 * <p>Libraries in the jar may lack optional classes they never touch; only the packages of the plugin's entry points are
 * judged.
 */
final class ApiCheck {

    private static final String API = "io.magicapi.gateway.api.";

    private final PluginDescriptor plugin;
    private final ClassLoader loader;
    private final String apiVersion;

    ApiCheck(PluginDescriptor plugin, ClassLoader loader, String apiVersion) {
        this.plugin = plugin;
        this.loader = loader;
        this.apiVersion = apiVersion;
    }

    /** Loads every class of the jar, and refuses the plugin for the first of its own that cannot work. */
    void resolveAll() throws Refusal {
        for (String name : plugin.classes()) {
            Class<?> loaded;
            try {
                loaded = Class.forName(name, false, loader);
            } catch (ClassNotFoundException | LinkageError e) {
                if (plugin.isBesideEntryPoint(name)) {
                    throw cannotLink(name, e);
                }
                continue;
            }
            if (plugin.isBesideEntryPoint(name)) {
                check(loaded);
            }
        }
    }

    private void check(Class<?> type) throws Refusal {
        try {
            // References first: a missing class makes reflection fail with less to say.
            ClassFile file = read(type.getName());
            for (String used : file.classes()) {
                checkClass(type, used);
            }
            for (ClassFile.Member member : file.members()) {
                checkMember(type, member);
            }
            checkImplements(type);
        } catch (LinkageError | IOException e) {
            throw cannotLink(type.getName(), e);
        }
    }

    private ClassFile read(String name) throws IOException {
        try (InputStream in = loader.getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new IOException(name + " is gone");
            }
            return ClassFile.read(in.readAllBytes());
        }
    }

    private void checkClass(Class<?> user, String used) throws Refusal {
        if (find(used).isPresent()) {
            return;
        }
        if (used.startsWith(API)) {
            throw incompatible(simple(user.getName()) + " uses " + used.substring(API.length()));
        }
        throw new Refusal(
                "GW-P20",
                plugin.label() + ": " + simple(user.getName()) + " uses class " + used
                        + ", which is not in the jar. Put it there; plugins see the Java platform, gateway-api, PF4J,"
                        + " SLF4J and Jackson 2, and nothing else of the gateway.");
    }

    private Optional<Class<?>> find(String name) {
        try {
            return Optional.of(Class.forName(name, false, loader));
        } catch (ClassNotFoundException | NoClassDefFoundError e) {
            return Optional.empty();
        }
    }

    private void checkMember(Class<?> user, ClassFile.Member member) throws Refusal {
        if (!member.owner().startsWith(API)) {
            return;
        }
        Class<?> owner = find(member.owner()).orElse(null);
        if (owner != null && !declares(owner, member)) {
            String what = member.owner().substring(API.length()) + "." + member.name() + (member.field() ? "" : "()");
            throw incompatible(simple(user.getName()) + " uses " + what);
        }
    }

    private static boolean declares(Class<?> owner, ClassFile.Member member) {
        Deque<Class<?>> open = new ArrayDeque<>();
        open.add(owner);
        if (owner.isInterface()) {
            open.add(Object.class);
        }
        Set<Class<?>> seen = new HashSet<>();
        while (!open.isEmpty()) {
            Class<?> type = open.remove();
            if (!seen.add(type)) {
                continue;
            }
            if (declaresItself(type, member)) {
                return true;
            }
            if (type.getSuperclass() != null) {
                open.add(type.getSuperclass());
            }
            open.addAll(Arrays.asList(type.getInterfaces()));
        }
        return false;
    }

    private static boolean declaresItself(Class<?> type, ClassFile.Member member) {
        if (member.field()) {
            return Arrays.stream(type.getDeclaredFields())
                    .filter(field -> field.getName().equals(member.name()))
                    .map(Field::getType)
                    .anyMatch(fieldType -> fieldType.descriptorString().equals(member.descriptor()));
        }
        if (member.name().equals("<init>")) {
            return Arrays.stream(type.getDeclaredConstructors())
                    .map(Constructor::getParameterTypes)
                    .anyMatch(parameters -> descriptor(void.class, parameters).equals(member.descriptor()));
        }
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> method.getName().equals(member.name()))
                .anyMatch(method -> descriptor(method.getReturnType(), method.getParameterTypes())
                        .equals(member.descriptor()));
    }

    private static String descriptor(Class<?> returns, Class<?>[] parameters) {
        return MethodType.methodType(returns, parameters).toMethodDescriptorString();
    }

    /** A concrete class must have a body for every method of the API types it implements. */
    private void checkImplements(Class<?> type) throws Refusal {
        if (type.isInterface() || Modifier.isAbstract(type.getModifiers())) {
            return;
        }
        Set<String> missing = new TreeSet<>();
        for (Method method : type.getMethods()) {
            if (Modifier.isAbstract(method.getModifiers())
                    && method.getDeclaringClass().getName().startsWith(API)) {
                missing.add(method.getName() + "()");
            }
        }
        if (!missing.isEmpty()) {
            throw incompatible(simple(type.getName()) + " lacks " + String.join(", ", missing));
        }
    }

    private Refusal incompatible(String what) {
        return new Refusal(
                "GW-P10",
                plugin.label() + " was built against another gateway-api than this gateway's " + apiVersion + ": "
                        + what
                        + (what.contains(" uses ") ? ", which is not there" : "") + ". Rebuild it against " + apiVersion
                        + ".");
    }

    private Refusal cannotLink(String name, Throwable failure) {
        return new Refusal(
                "GW-P20",
                plugin.label() + ": class " + name + " cannot be loaded: "
                        + PluginThread.describe(failure, className -> false)
                        + ". Put everything it needs into the plugin's jar.");
    }

    private static String simple(String className) {
        return className.substring(className.lastIndexOf('.') + 1);
    }
}
