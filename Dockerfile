# An image of the longtail program alone:
#
#   docker build -t longtail .
#   docker run --rm -p 8080:8080 -v "$PWD/runs:/runs:ro" longtail serve /runs/first --listen :8080
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/here" -w /here longtail train --data photos --out runs/first
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -tags nompi -trimpath -ldflags="-s -w" -o /longtail ./cmd/longtail

FROM scratch
COPY --from=build /longtail /longtail
USER 65534:65534
EXPOSE 8080
ENTRYPOINT ["/longtail"]
CMD ["--help"]
