package io.magicapi.gateway.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * All that a plugin author can name stands in {@code docs/api-surface.txt}, so that a change of it is seen in review.
 * With {@code -Ddocs.update=true} the file is written anew.
 */
class ApiSurfaceTest {

    private static final Path FILE = Path.of("../docs/api-surface.txt");

    /** Two pages of 66 lines. What does not fit is too much to learn in an afternoon. */
    private static final int TWO_PAGES = 132;

    @Test
    @DisplayName("the public API is what docs/api-surface.txt says, and fits two pages")
    void surface() throws Exception {
        List<String> surface = surfaceNow();

        if (Boolean.getBoolean("docs.update")) {
            Files.write(FILE, surface);
        }
        assertThat(Files.readAllLines(FILE)).isEqualTo(surface);
        assertThat(surface).hasSizeLessThanOrEqualTo(TWO_PAGES);
    }

    private static List<String> surfaceNow() throws IOException, URISyntaxException, ClassNotFoundException {
        List<String> lines = new ArrayList<>();
        for (String name : classNames()) {
            Class<?> type = Class.forName(Provider.class.getPackageName() + "." + name);
            if (Modifier.isPublic(type.getModifiers())) {
                lines.add(header(type));
                lines.addAll(members(type));
            }
        }
        return lines;
    }

    private static List<String> classNames() throws IOException, URISyntaxException {
        Path classes =
                Path.of(Provider.class.getResource("Provider.class").toURI()).getParent();
        try (Stream<Path> files = Files.list(classes)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(".class") && !file.equals("package-info.class"))
                    .map(file -> file.substring(0, file.length() - ".class".length()))
                    .filter(name -> !name.matches(".*\\$\\d+"))
                    .sorted()
                    .toList();
        }
    }

    private static String header(Class<?> type) {
        String kind = type.isEnum() ? "enum" : type.isInterface() ? "interface" : "class";
        Stream<String> above = Stream.concat(
                        Stream.ofNullable(type.getSuperclass()), Arrays.stream(type.getInterfaces()))
                .filter(parent -> parent != Object.class && parent != Enum.class)
                .map(Class::getSimpleName);
        String parents = above.collect(Collectors.joining(", "));
        String constants = Arrays.stream(type.getFields())
                .filter(field -> field.getDeclaringClass() == type && Modifier.isStatic(field.getModifiers()))
                .map(Field::getName)
                .collect(Collectors.joining(", "));
        return kind + " "
                + type.getName().substring(type.getPackageName().length() + 1).replace('$', '.')
                + (parents.isEmpty() ? "" : " : " + parents) + (constants.isEmpty() ? "" : " { " + constants + " }");
    }

    private static List<String> members(Class<?> type) {
        if (type.isEnum()) {
            return List.of();
        }
        Stream<String> constructors = Arrays.stream(type.getConstructors()).map(ApiSurfaceTest::show);
        Stream<String> methods = Arrays.stream(type.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
                .filter(method -> !List.of("equals", "hashCode", "toString").contains(method.getName()))
                .map(ApiSurfaceTest::show);
        return Stream.concat(constructors, methods).sorted().toList();
    }

    private static String show(Constructor<?> constructor) {
        return "    new(" + parameters(constructor) + ")";
    }

    private static String show(Method method) {
        String modifier = Modifier.isStatic(method.getModifiers()) ? "static " : method.isDefault() ? "default " : "";
        return "    " + method.getName() + "(" + parameters(method) + ") " + modifier
                + show(method.getGenericReturnType());
    }

    private static String parameters(Executable executable) {
        String list = Arrays.stream(executable.getGenericParameterTypes())
                .map(ApiSurfaceTest::show)
                .collect(Collectors.joining(", "));
        return executable.isVarArgs() ? list.replaceAll("\\[]$", "...") : list;
    }

    private static String show(Type type) {
        return type.getTypeName().replaceAll("[a-z0-9_]+\\.", "").replace('$', '.');
    }
}
